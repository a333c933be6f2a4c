using System.Collections.Immutable;

namespace Paradarum.Control.Purging;

/// <summary>
/// What was counted when a purge was accepted (contract 1.1). A job clears one zone (scheme and hostname) on one node and carries all instructions of its request, so
/// a request of any size has <c>(shields + PoPs) x hostnames x 2</c> jobs (docs/decisions/job-count.md).
/// </summary>
internal readonly record struct PurgeJobs(int Shields, int Pops, int Hostnames)
{
    private const int SchemesOfHostname = 2;

    public long Count => Of(Shields + Pops);

    public long Of(int nodes) => (long)nodes * Hostnames * SchemesOfHostname;
}

/// <summary>The answer to one purge.</summary>
internal sealed record PurgeAnswer(long JobCount, int Shields, int Nodes, int Hostnames, string PurgeId);

/// <summary>The answer to a batch.</summary>
internal sealed record BatchAnswer(
    long JobCount,
    int Accepted,
    ImmutableArray<RejectedItem> Rejected,
    int Shields,
    int Nodes,
    int Hostnames,
    string PurgeId
);

/// <summary>The answer to a batch without one valid item.</summary>
internal sealed record RejectedBatch(ImmutableArray<RejectedItem> Rejected);
