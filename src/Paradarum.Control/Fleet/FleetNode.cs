using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>One registered node: what the operator set, and every process start of it that may still hold a lease.</summary>
internal sealed class FleetNode(string id, NodeRole role)
{
    public string Id { get; } = id;

    public NodeRole Role { get; } = role;

    /// <summary>The operator's switch: PoPs without traffic are not counted for new purges, shields without it are not offered. It never matters for complete.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Deleted by the operator: gets no grant, and counts until it said LeaveDone or is fenced.</summary>
    public bool Leaving { get; set; }

    /// <summary>It connected at least once.</summary>
    public bool EverConnected { get; set; }

    /// <summary>Last known before this control-plane start; stands in until everything granted then would have run out.</summary>
    public bool WasHealthy { get; set; }

    /// <summary>The latest process start; null before the first.</summary>
    public LeaseHolding? Current { get; set; }

    /// <summary>Former process starts that were not proven dead and are not fenced yet.</summary>
    public List<LeaseHolding> Displaced { get; } = [];

    public NodeLink? Link { get; set; }

    /// <summary>The highest position any process start of it acknowledged.</summary>
    public ulong EverApplied { get; set; }

    /// <summary>Up to where nothing of it that may still serve is behind. The current process start that has to begin anew serves nothing older.</summary>
    public ulong AppliedThrough(TimeSpan now)
    {
        var through = EverApplied;
        foreach (var former in Displaced)
        {
            if (!former.IsFenced(now))
                through = Math.Min(through, former.Applied);
        }
        return through;
    }

    /// <summary>Everything that may hold a lease.</summary>
    public IEnumerable<LeaseHolding> Holdings => Current is null ? Displaced : Displaced.Append(Current);
}
