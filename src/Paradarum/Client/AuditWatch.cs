using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Paradarum.Client;

/// <summary>Follows the audit trail: asks again and again for what came after the last entry, so nothing is missed and nothing is shown twice.</summary>
/// <param name="path">The trail with its filters.</param>
internal sealed class AuditWatch(PurgeApi api, string path, TimeProvider time)
{
    /// <summary>The entry that stands before all others.</summary>
    public const string Beginning = "0-0";

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <summary>Between two tries while the API can't be reached or is asked too often.</summary>
    private static readonly TimeSpan AskAtLeastEvery = TimeSpan.FromSeconds(15);

    /// <summary>The entries behind <paramref name="after"/>, oldest first, and then each as it comes; ends with <paramref name="stop"/>, and as usual when the API refuses.</summary>
    public async IAsyncEnumerable<JsonNode> AfterAsync(string after, [EnumeratorCancellation] CancellationToken stop)
    {
        var pause = AskEvery;
        while (!stop.IsCancellationRequested)
        {
            var (entries, problem) = await AskAsync(after, stop);
            // Said once for as long as it lasts.
            if (problem is not null && pause == AskEvery)
                await Console.Error.WriteLineAsync($"{problem} Going on as soon as it answers.");
            pause = problem is null ? AskEvery : Shorter(2 * pause, AskAtLeastEvery);
            foreach (var entry in entries)
            {
                after = ClientOutput.Text(entry!, "id")!;
                yield return entry!;
            }

            if (!await PausedAsync(pause, stop))
                yield break;
        }
    }

    private async Task<(JsonArray Entries, string? Problem)> AskAsync(string after, CancellationToken stop)
    {
        try
        {
            var separator = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
            return (await api.ListAsync($"{path}{separator}after={Uri.EscapeDataString(after)}", stop), null);
        }
        catch (PurgeEndedException e) when (e.Code == PurgeExit.TryAgain)
        {
            return ([], e.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ([], null);
        }
    }

    /// <returns>False when it is to end.</returns>
    private async Task<bool> PausedAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, time, stop);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
