using Spectre.Console;

namespace Paradarum.Client;

/// <summary>Shows a purge on its way: a bar for each node on a terminal, a line for each change elsewhere.</summary>
internal static class PurgeProgressView
{
    /// <summary>Runs <paramref name="follow"/>, which hands over every receipt that it reads.</summary>
    public static Task<ReceiptData> ShowAsync(Func<Action<ReceiptData>, Task<ReceiptData>> follow, IAnsiConsole console, bool isTerminal) =>
        isTerminal ? BarsAsync(follow, console) : LinesAsync(follow);

    private static Task<ReceiptData> LinesAsync(Func<Action<ReceiptData>, Task<ReceiptData>> follow)
    {
        var state = "";
        var nodes = new Dictionary<string, string>(StringComparer.Ordinal);
        return follow(receipt =>
        {
            // Complete has a line of its own, with the figures.
            if (receipt.State != state && !receipt.IsComplete)
                Console.WriteLine($"state {receipt.State} ({receipt.JobsDone} of {receipt.JobCount} jobs)");
            state = receipt.State;
            foreach (var node in receipt.PerNode)
            {
                if (nodes.GetValueOrDefault(node.Id, "pending") != node.State)
                    Console.WriteLine($"{node.Role} {node.Name} {node.State}");
                nodes[node.Id] = node.State;
            }
        });
    }

    private static Task<ReceiptData> BarsAsync(Func<Action<ReceiptData>, Task<ReceiptData>> follow, IAnsiConsole console) =>
        console
            .Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new SpinnerColumn())
            .StartAsync(progress =>
            {
                var jobs = progress.AddTask("jobs");
                var bars = new Dictionary<string, ProgressTask>(StringComparer.Ordinal);
                return follow(receipt =>
                {
                    jobs.Description = Markup.Escape($"{receipt.State}: {receipt.JobsDone} of {receipt.JobCount} jobs");
                    jobs.MaxValue = Math.Max(1, receipt.JobCount);
                    jobs.Value = receipt.IsComplete ? jobs.MaxValue : receipt.JobsDone;
                    foreach (var node in receipt.PerNode)
                    {
                        if (!bars.TryGetValue(node.Id, out var bar))
                            bars[node.Id] = bar = progress.AddTask(Markup.Escape(node.Name), maxValue: 1);
                        bar.Description = Markup.Escape($"{node.Role, -6} {node.Name} {node.State}");
                        bar.Value = node.State is "applied" or "fenced" ? 1 : 0;
                    }
                });
            });
}
