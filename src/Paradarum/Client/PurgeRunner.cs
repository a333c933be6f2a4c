using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Paradarum.Client;

/// <summary>What <c>purge</c> was asked to do.</summary>
/// <param name="AsBatch">Also for one item: it came as a batch.</param>
/// <param name="Timeout">Of the wait.</param>
internal sealed record PurgeTask(
    Uri Url,
    Credential Credential,
    string? Property,
    List<JsonNode?> Items,
    bool AsBatch,
    bool Wait,
    TimeSpan Timeout,
    string? IdempotencyKey,
    bool Preview,
    ClientOutput Output
);

/// <summary>Runs <c>purge</c> to its exit code.</summary>
internal static class PurgeRunner
{
    /// <summary>Of one request; longer than the API holds one back.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    public static async Task<PurgeExit> RunAsync(PurgeTask task, CancellationToken stop)
    {
        try
        {
            using var api = new PurgeApi(task.Url, task.Credential, AnswerWithin);
            var property = await api.PropertyAsync(task.Property, stop);
            if (task.Preview)
            {
                await PreviewAsync(api, property, task, stop);
                return PurgeExit.Done;
            }

            var (accepted, receipt, message) = await api.PurgeAsync(property, task.Items, task.AsBatch, task.IdempotencyKey, stop);
            Console.WriteLine(message);
            Console.WriteLine($"receipt {new Uri(task.Url, receipt)}");
            foreach (var item in accepted.Rejected ?? [])
                await Console.Error.WriteLineAsync($"item {item.Index} was rejected: {item.Reason}");
            if (task.Wait && !await WaitAsync(api, receipt, task.Timeout, stop))
                return PurgeExit.NotComplete;
            return accepted.Rejected is { Count: > 0 } ? PurgeExit.PartlyRejected : PurgeExit.Done;
        }
        catch (PurgeEndedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e.Code;
        }
        catch (JsonException e)
        {
            await Console.Error.WriteLineAsync($"{task.Url} answered what this version can't read: {e.Message}");
            return PurgeExit.TryAgain;
        }
    }

    private static async Task PreviewAsync(PurgeApi api, long property, PurgeTask task, CancellationToken stop)
    {
        var body = task.AsBatch ? new JsonObject { ["items"] = new JsonArray([.. task.Items]) } : task.Items[0];
        var data = (await api.AskAsync(HttpMethod.Post, $"api/property/{property}/purge/preview", body, stop))["data"]!;
        task.Output.One(
            data,
            ("objects", ClientOutput.Text(data, "objects")),
            ("bytes", ClientOutput.Text(data, "bytes")),
            ("sample", string.Join('\n', data["sample"]!.AsArray().Select(url => url!.GetValue<string>()))),
            (
                "nodes",
                string.Join(
                    '\n',
                    data["perNode"]!
                        .AsArray()
                        .Select(node => $"{node!["id"]}: {ReceiptData.Objects(node["objects"]!.GetValue<long>())}, {node["bytes"]} bytes")
                )
            ),
            ("unanswered", data["unanswered"]!.AsArray() is { Count: > 0 } silent ? string.Join(' ', silent) : null)
        );
    }

    private static async Task<bool> WaitAsync(PurgeApi api, string receipt, TimeSpan timeout, CancellationToken stop)
    {
        var watch = new PurgeWatch(api, receipt, TimeProvider.System);
        var isTerminal = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;
        using var late = new CancellationTokenSource(timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var complete = await PurgeProgressView.ShowAsync(
                show => watch.UntilCompleteAsync(show, either.Token),
                AnsiConsole.Console,
                isTerminal
            );
            Console.WriteLine(complete.Summary());
            foreach (var miss in complete.Matched == 0 ? complete.NearMisses ?? [] : [])
                Console.WriteLine($"nothing matched; {miss.Path} is stored: {miss.Hint}");
            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Not complete within --timeout. The purge goes on; its receipt says when it is.");
            return false;
        }
    }
}
