using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Paradarum.Edge;
using Paradarum.Edge.Serving;

namespace Paradarum.Processes;

/// <summary>Runs <c>edge</c> from the checked options to the exit code.</summary>
internal static class EdgeRunner
{
    /// <summary>
    /// The runtime then runs what a socket was waited for on the thread that heard of it, instead of handing it to another: a quarter of what a small hit costs
    /// (docs/decisions/hit-path.md). It is read once, when the first socket is used. An operator's own setting stays.
    /// </summary>
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    public static async Task<int> RunAsync(NodeHostOptions options, CancellationToken stop)
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        try
        {
            if (!(await NodeHost.StartAsync(options, stop)).Ok(out var started, out var refusal))
                return ExitCode.Fail($"{refusal.Message} Give a fresh token with --enrolment-token-file; the operator makes one.");
            await using var node = started;
            var facts =
                $"url={node.Url.GetLeftPart(UriPartial.Authority)} id={node.Id} name={node.Identity.Name} role={Word(options.Edge.Role)}"
                + (node.HttpsUrl is { } https ? $" https={https.GetLeftPart(UriPartial.Authority)}" : "");
            await Console.Out.WriteLineAsync($"paradarum edge: listening {facts}");
            var stopped = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            if (await Task.WhenAny(stopped, node.Following, node.Lease.First) == node.Lease.First)
            {
                await Console.Out.WriteLineAsync($"paradarum edge: ready {facts}");
                await Task.WhenAny(stopped, node.Following);
            }
            if (stop.IsCancellationRequested)
                return ExitCode.Done;
            // A node that could not apply a record must not serve: better down than stale.
            await node.Following;
            await Console.Out.WriteLineAsync($"paradarum edge: left {facts}");
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
        catch (RpcException e)
        {
            return ExitCode.Fail(
                $"The control plane at {options.Control} can't be reached ({e.Status.Detail}). Is it running, and is --control its fleet address?"
            );
        }
        catch (AddressInUseException e)
        {
            return ExitCode.Fail($"{e.Message} Choose another address with --listen or --https.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            return ExitCode.Fail(e.Message);
        }
    }

    private static string Word(EdgeRole role) => role == EdgeRole.Shield ? "shield" : "pop";
}
