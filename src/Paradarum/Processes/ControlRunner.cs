using Microsoft.AspNetCore.Connections;
using Paradarum.Control;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Replicas;

namespace Paradarum.Processes;

/// <summary>
/// Runs <c>control</c> from the checked options to the exit code. On PostgreSQL it stands by while another one works, takes over when that ends, and stands by again when it is
/// superseded itself: all of that in one process, so that a service unit has nothing to decide.
/// </summary>
internal sealed class ControlRunner(ControlPlaneOptions options, Action<ILoggingBuilder> logging, bool newOperator)
{
    private const string KeyName = "control";

    private bool _rehearsed;

    private ControlPlaneSurroundings Surroundings => new() { Logging = logging };

    public async Task<int> RunAsync(CancellationToken stop)
    {
        try
        {
            // What can't be used at the first start is a mistake of the operator's; afterwards it is an outage, which ends.
            for (var mayWait = false; ; mayWait = true)
            {
                await using var control = await StartAsync(mayWait, stop);
                try
                {
                    await SayReadyAsync(control, stop);
                }
                catch (LogUnavailableException) when (control.IsOver)
                {
                    // It was over before it was ready; why is said below.
                }
                var superseded = await control.Over.WaitAsync(stop);
                if (control.HasFailed)
                    return ExitCode.Fail(superseded);
                await Console.Error.WriteLineAsync($"paradarum control: starting anew: {superseded}");
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (LogCannotStartException e)
        {
            return ExitCode.Fail(
                options.Log.Database is null ? $"{e.Message} The folder is the one of --data." : $"{e.Message} It is the one of --database."
            );
        }
        catch (AddressInUseException e)
        {
            return ExitCode.Fail($"{e.Message} Choose other addresses with --api-listen and --fleet-listen.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            return ExitCode.Fail(e.Message);
        }
    }

    private async Task<ControlPlane> StartAsync(bool mayWait, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var control = await ControlPlane.StartAsync(options, Surroundings, stop);
                _rehearsed = true;
                return control;
            }
            catch (Exception e) when (options.Log.Database is not null && (IsAnOutage(e) || (mayWait && e is LogCannotStartException)))
            {
                await Console.Out.WriteLineAsync($"paradarum control: standing by: {e.Message}");
                await StandBy.UntilFreeAsync(options, Surroundings, _rehearsed ? null : SayRehearsed, stop);
                _rehearsed = true;
            }
        }
    }

    private static void SayRehearsed() => Console.Out.WriteLine("paradarum control: prepared to take over");

    /// <summary>Taken, out of reach, or lost while everything was read: that ends. What the server itself has answered is for the operator.</summary>
    private static bool IsAnOutage(Exception e) => e is LogTakenException or LogOutOfReachException or LogUnavailableException;

    private async Task SayReadyAsync(ControlPlane control, CancellationToken stop)
    {
        var folder = options.Log.Folder;
        var (api, fleet) = (control.Api.GetLeftPart(UriPartial.Authority), control.Fleet.GetLeftPart(UriPartial.Authority));
        var known = OperatorFile.Read(folder);
        var first = control.Services.GetRequiredService<FirstStart>();
        var credentials = Path.Combine(folder, OperatorFile.Name);
        // Another machine's control plane gave the operator their key: taking over must not take it away.
        if (options.Log.Database is not null && known is null && first.HasOperator && !newOperator)
            credentials = "elsewhere";
        else
        {
            var access = await first.OperatorAsync(known?.ApiKey, known?.AdminPassword, stop, KeyName);
            new OperatorFile(api, fleet, access.ApiKey, access.Email, access.Password).Write(folder);
        }
        await Console.Out.WriteLineAsync($"paradarum control: ready api={api} fleet={fleet} credentials={credentials}");
    }
}
