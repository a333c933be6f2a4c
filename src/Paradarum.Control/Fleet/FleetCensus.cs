using System.Collections.Immutable;

namespace Paradarum.Control.Fleet;

/// <summary>
/// Who counts for a purge accepted now (contract 1.1): enabled, healthy shields; PoPs that are healthy and traffic-enabled. An immutable
/// snapshot that the accept path reads without a lock.
/// </summary>
internal sealed record FleetCensus(ImmutableArray<string> Shields, ImmutableArray<string> Pops)
{
    public static readonly FleetCensus Empty = new([], []);
}
