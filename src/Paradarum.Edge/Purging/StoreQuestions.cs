using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Answers what the control plane asks about the store (contract part 2: preview, near misses). Reads entries one after another without a lock, changes nothing, and gives
/// up when its budget is over.
/// </summary>
internal sealed class StoreQuestions(NodeState state, TimeProvider time)
{
    private const int LongestBudget = 2_000;
    private const int MostSamples = 100;

    /// <summary>Entries between two looks at the clock.</summary>
    private const int Stride = 256;

    /// <summary>Stands for the position of a purge that is only thought of: every entry is older.</summary>
    private const ulong Thought = 1;

    public StoreAnswer Ask(StoreQuestion question, CancellationToken stop)
    {
        var answer = new StoreAnswer { Question = question.Id };
        var snapshot = state.Current;
        if (!snapshot.Properties.TryGetValue(question.PropertyId, out var property))
            return answer;
        // A rule that this version does not know would be applied as All (design section 2).
        var rules = question.Rules.Select(rule => PurgeRule.FromMessage(rule) ?? PurgeRule.All).ToList();
        var started = time.GetTimestamp();
        var budget = TimeSpan.FromMilliseconds(Math.Clamp(question.BudgetMilliseconds, 1, LongestBudget));
        bool IsOver() => stop.IsCancellationRequested || time.GetElapsedTime(started) > budget;
        if (question.NearMisses)
        {
            var finder = new NearMissFinder(rules, Math.Clamp(question.Most, 1, MostSamples));
            answer.GaveUp = !Look(snapshot, property, finder.Consider, IsOver, () => finder.IsFull);
            answer.NearMisses.AddRange(finder.Found);
            return answer;
        }
        Preview(question, snapshot, property, rules, answer, IsOver);
        return answer;
    }

    /// <summary>By the very rules that a purge would leave pending, widening included: what it says is what would happen.</summary>
    private void Preview(
        StoreQuestion question,
        NodeSnapshot snapshot,
        PropertyView property,
        List<PurgeRule> rules,
        StoreAnswer answer,
        Func<bool> isOver
    )
    {
        var budget = new PatternBudget(() => state.Index.CountOf(property.Id), static () => { }, time);
        var thought = PendingRules.None.Add(Thought, rules, CacheRuleSet.Of(property.Configuration).Keyed, budget);
        var samples = new HashSet<string>(StringComparer.Ordinal);
        answer.GaveUp = !Look(
            snapshot,
            property,
            entry =>
            {
                if (thought.FindMatch(entry, checkedAt: 0).Position == 0)
                    return;
                answer.Objects++;
                answer.Bytes += entry.Size;
                if (samples.Count < Math.Min(question.Most, MostSamples))
                    samples.Add($"{entry.Key.Scheme}://{entry.Key.Host}{entry.Key.Target.PathAndQuery}");
            },
            isOver,
            static () => false
        );
        answer.Samples.AddRange(samples);
    }

    /// <returns>False when the budget was over first.</returns>
    private bool Look(NodeSnapshot snapshot, PropertyView property, Action<StoredEntry> consider, Func<bool> isOver, Func<bool> isEnough)
    {
        var looked = 0;
        foreach (var entry in state.Index.Entries(property.Id))
        {
            if (++looked % Stride == 0 && isOver())
                return false;
            // What a pending purge has taken already is not there any more.
            if (Fence.Test(snapshot, property, entry).MayBeUsed)
                consider(entry);
            if (isEnough())
                return true;
        }
        return true;
    }
}
