using Microsoft.AspNetCore.Connections;
using Paradarum.Control;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Processes;

/// <summary>Runs <c>control</c> from the checked options to the exit code.</summary>
internal static class ControlRunner
{
    private const string KeyName = "control";

    public static async Task<int> RunAsync(ControlPlaneOptions options, Action<ILoggingBuilder> logging, CancellationToken stop)
    {
        try
        {
            await using var control = await ControlPlane.StartAsync(options, new ControlPlaneSurroundings { Logging = logging }, stop);
            var folder = options.Log.Folder;
            var known = OperatorFile.Read(folder);
            var access = await control
                .Services.GetRequiredService<FirstStart>()
                .OperatorAsync(known?.ApiKey, known?.AdminPassword, stop, KeyName);
            var (api, fleet) = (control.Api.GetLeftPart(UriPartial.Authority), control.Fleet.GetLeftPart(UriPartial.Authority));
            new OperatorFile(api, fleet, access.ApiKey, access.Email, access.Password).Write(folder);
            await Console.Out.WriteLineAsync(
                $"paradarum control: ready api={api} fleet={fleet} credentials={Path.Combine(folder, OperatorFile.Name)}"
            );
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (LogCannotStartException e)
        {
            return ExitCode.Fail($"{e.Message} The folder is the one of --data.");
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
}
