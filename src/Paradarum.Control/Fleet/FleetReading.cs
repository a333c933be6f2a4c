namespace Paradarum.Control.Fleet;

/// <summary>The furthest that shields and PoPs were ever sent, restarts of the control plane included, so that a purge's state only moves forward.</summary>
internal sealed class FrontierMemory(ulong shields, ulong pops)
{
    public ulong Shields { get; private set; } = shields;

    public ulong Pops { get; private set; } = pops;

    public void Raise(FleetDispatch dispatch)
    {
        Shields = Math.Max(Shields, dispatch.ShieldFrontier);
        Pops = Math.Max(Pops, dispatch.PopFrontier);
    }
}

/// <summary>The fleet's state, to be read while the desk's lock is held and not to be kept.</summary>
internal readonly record struct FleetReading(
    FleetMachine Machine,
    AckBook Book,
    IReadOnlyDictionary<string, NodeRecord> Records,
    FrontierMemory Frontiers,
    TimeSpan Now
);
