using System.Globalization;
using System.Text;
using Paradarum.Bench.NodeBed;

namespace Paradarum.Bench.Hits;

/// <summary>What a whole hit costs as the store grows, every stored object asked for in turn; and what an object takes beyond its body.</summary>
internal static class Growth
{
    public static async Task<string> MeasureAsync(HitsPlan plan, int connections, CancellationToken stop)
    {
        await using var node = await NodeBedClient.StartAsync();
        var report = new StringBuilder(
            "\n| stored objects of 1 KB | processor time of a hit, µs | of 1 000 | hits/s | bytes each beyond the body | collector's pauses, p99 ms | longest ms |\n| --- | --- | --- | --- | --- | --- | --- |\n"
        );
        var first = 0d;
        for (var objects = 1000; objects <= plan.GrowTo; objects *= 10)
        {
            var beyond = (await node.AskAsync($"store {objects}"))[0];
            var turns = new List<WrkFigures>();
            await node.AskAsync("pauses");
            // The first of them warms and does not count.
            for (var turn = 0; turn <= plan.Turns; turn++)
            {
                stop.ThrowIfCancellationRequested();
                var seconds = turn == 0 && objects == 1000 ? plan.Warm : plan.Seconds;
                turns.Add(await WrkLoad.RunAsync(node.Server, connections, "/1k/", objects, TimeSpan.FromSeconds(seconds)));
            }
            if (turns.Sum(turn => turn.Bad) is > 0 and var bad)
                throw new InvalidOperationException($"{bad} answers were no hits.");
            var pauses = await node.AskAsync("pauses");
            var median = turns.Skip(1).OrderBy(turn => turn.Cost).ElementAt(plan.Turns / 2);
            first = first == 0 ? median.Cost : first;
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {objects} | {median.Cost:0.0} | {median.Cost / first:0.00} | {median.PerSecond:0} | {beyond:0} | {pauses[1]:0.0} | {pauses[2]:0.0} |"
            );
            await Console.Error.WriteLineAsync($"{objects} objects: {median.Cost:0.0} µs a hit, {beyond:0} bytes beyond the body");
        }
        return report.ToString();
    }
}
