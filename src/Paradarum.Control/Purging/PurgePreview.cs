using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Purging;

/// <param name="Objects">Stored responses that the node would forget.</param>
internal sealed record PreviewNode(string Id, long Objects, long Bytes);

/// <summary>What a purge would remove (contract part 2).</summary>
/// <param name="Sample">URLs, up to 20.</param>
/// <param name="Unanswered">Nodes that did not say within a second: their objects are in none of the figures.</param>
internal sealed record PreviewAnswer(
    long Objects,
    long Bytes,
    ImmutableArray<string> Sample,
    ImmutableArray<PreviewNode> PerNode,
    ImmutableArray<string> Unanswered
);

/// <summary>Asks the fleet what a purge would remove, and what was probably meant by one that removed nothing. Queues nothing.</summary>
internal sealed class PurgePreview(FleetQuestions questions) : IDisposable
{
    private const int MostSamples = 20;
    private const int MostNearMisses = 5;

    /// <summary>Nodes answer one after another, so more would only wait there.</summary>
    private const int AtATime = 4;

    private static readonly TimeSpan PreviewWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PreviewBudget = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan NearMissesWithin = TimeSpan.FromMilliseconds(180);
    private static readonly TimeSpan NearMissesBudget = TimeSpan.FromMilliseconds(100);

    private static readonly Refusal Busy = Refusal.TooMany("Too many previews are under way. Try again in a moment.", PreviewWithin);

    private readonly SemaphoreSlim _previews = new(AtATime, AtATime);
    private readonly SemaphoreSlim _searches = new(AtATime, AtATime);

    public async Task<Result<PreviewAnswer>> PreviewAsync(long propertyId, PurgeOrder order, CancellationToken stop)
    {
        if (!await _previews.WaitAsync(TimeSpan.Zero, stop))
            return Busy;
        try
        {
            var question = Ask(propertyId, PreviewBudget, MostSamples);
            question.Rules.AddRange(order.Rules.Select(rule => rule.ToMessage()));
            var heard = await questions.AskAsync(question, PreviewWithin, stop);
            return new PreviewAnswer(
                heard.Answers.Sum(one => one.Answer.Objects),
                heard.Answers.Sum(one => one.Answer.Bytes),
                [.. heard.Answers.SelectMany(one => one.Answer.Samples).Distinct(StringComparer.Ordinal).Take(MostSamples)],
                [
                    .. heard
                        .Answers.OrderBy(one => one.NodeId, StringComparer.Ordinal)
                        .Select(one => new PreviewNode(one.NodeId, one.Answer.Objects, one.Answer.Bytes)),
                ],
                heard.Unanswered
            );
        }
        finally
        {
            _previews.Release();
        }
    }

    /// <summary>Up to five, or none when nobody says any within 200 ms or too many are asked for at once: a receipt does not wait for more.</summary>
    public async Task<ImmutableArray<NearMiss>> NearMissesAsync(long propertyId, ImmutableArray<ReceiptItem> items, CancellationToken stop)
    {
        var rules = items.Select(ReceiptItem.ToRule).Where(rule => rule.Kind != RuleKind.All).ToList();
        if (rules.Count == 0 || !await _searches.WaitAsync(TimeSpan.Zero, stop))
            return [];
        try
        {
            var question = Ask(propertyId, NearMissesBudget, MostNearMisses);
            question.NearMisses = true;
            question.Rules.AddRange(rules);
            var heard = await questions.AskAsync(question, NearMissesWithin, stop);
            return
            [
                .. heard
                    .Answers.SelectMany(one => one.Answer.NearMisses)
                    .DistinctBy(miss => miss.Path, StringComparer.Ordinal)
                    .Take(MostNearMisses)
                    .Select(miss => new NearMiss(miss.Path, miss.Hint)),
            ];
        }
        finally
        {
            _searches.Release();
        }
    }

    private static StoreQuestion Ask(long propertyId, TimeSpan budget, int most) =>
        new()
        {
            PropertyId = propertyId,
            BudgetMilliseconds = (int)budget.TotalMilliseconds,
            Most = most,
        };

    public void Dispose()
    {
        _previews.Dispose();
        _searches.Dispose();
    }
}
