namespace Paradarum.Control.Fleet;

/// <summary>The fleet's state, to be read while the desk's lock is held and not to be kept.</summary>
internal readonly record struct FleetReading(
    FleetMachine Machine,
    AckBook Book,
    IReadOnlyDictionary<string, NodeRecord> Records,
    TimeSpan Now
);
