using System.Collections.Immutable;

namespace Paradarum.Control.Fleet;

/// <summary>Positions after <paramref name="After"/> up to <paramref name="Through"/> became complete together, with these nodes fenced and behind.</summary>
internal sealed record CompletedRange(ulong After, ulong Through, ImmutableArray<string> FencedNodes);

/// <summary>
/// G6: a position is complete when every node that may hold a lease has applied it or is fenced, whatever its health or traffic switch. Decided positions
/// only rise; they are announced once they are persisted.
/// </summary>
internal sealed class FleetCompletion(IReadOnlyCollection<FleetNode> nodes, ulong completeThrough, TimeSpan nothingBefore)
{
    // The one that held everything back at the last look: asked first, so that most events cost the same however many nodes there are.
    private LeaseHolding? _blocker;

    public ulong DecidedThrough { get; private set; } = completeThrough;

    /// <summary>Persisted and announced; never revoked.</summary>
    public ulong AnnouncedThrough { get; private set; } = completeThrough;

    /// <summary>Decides what is complete now. Empty when nothing new is.</summary>
    public ImmutableArray<CompletedRange> Decide(ulong head, TimeSpan now)
    {
        if (now < nothingBefore || head <= DecidedThrough || (_blocker is { } known && HoldsBack(known, now)))
            return [];
        _blocker = null;
        var through = head;
        foreach (var node in nodes)
        {
            foreach (var holding in node.Holdings)
            {
                if (HoldsBack(holding, now))
                {
                    _blocker = holding;
                    return [];
                }
                if (!holding.IsFenced(now))
                    through = Math.Min(through, holding.Applied);
            }
        }
        var ranges = Split(DecidedThrough, through);
        DecidedThrough = through;
        return ranges;
    }

    /// <summary>A process start no longer counts: whoever held everything back is looked for anew.</summary>
    public void ForgetBlocker() => _blocker = null;

    private bool HoldsBack(LeaseHolding holding, TimeSpan now) => !holding.IsFenced(now) && holding.Applied <= DecidedThrough;

    public void Announce(ulong through) => AnnouncedThrough = Math.Max(AnnouncedThrough, through);

    /// <summary>One range for each set of nodes that are behind: who is fenced changes at the positions where fenced nodes stopped.</summary>
    private ImmutableArray<CompletedRange> Split(ulong after, ulong through)
    {
        var ranges = ImmutableArray.CreateBuilder<CompletedRange>();
        var behind = nodes.Where(node => node.EverConnected && node.EverApplied < through).ToList();
        var ends = behind.Select(node => node.EverApplied).Where(end => end > after).Append(through).Distinct().Order();
        foreach (var end in ends)
        {
            ranges.Add(
                new CompletedRange(
                    after,
                    end,
                    [.. behind.Where(node => node.EverApplied < end).Select(node => node.Id).Order(StringComparer.Ordinal)]
                )
            );
            after = end;
        }
        return ranges.ToImmutable();
    }
}
