namespace Paradarum.Control.Fleet;

/// <summary>How leases are granted and how much a node may have unacknowledged. Checked once, at start.</summary>
internal sealed record FleetOptions
{
    public static readonly TimeSpan ShortestLease = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan LongestLease = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestGrace = TimeSpan.FromMinutes(10);

    /// <summary>How long a node counts as live after its heartbeat. 100 ms to 1 minute, default 3 s. A hung shield holds the PoPs back for up to twice this.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a node that lost the control plane serves on after its lease. 0 (strict) to 10 minutes, default 30 s. A purge waits this long for a node that is cut off.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most records sent to one node and not acknowledged. 1 to 100 000, default 4 096.</summary>
    public int MostUnacknowledgedRecords { get; init; } = 4096;

    /// <summary>Most bytes of records sent to one node and not acknowledged, at least one record whatever its size. 1 KiB to 256 MiB, default 8 MiB.</summary>
    public int MostUnacknowledgedBytes { get; init; } = 8 << 20;

    /// <summary>
    /// Least time between two messages of records to one node, so that under load many records share a message and its acknowledgement, and between two writes of what
    /// became complete; the first after a pause goes at once. 0 (everything as soon as it may) to 1 s, default 4 ms.
    /// </summary>
    public TimeSpan NewsEvery { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>All that is wrong, each sentence naming its key; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Lease < ShortestLease || Lease > LongestLease)
            problems.Add($"Fleet:Lease is {Lease}; it must be between {ShortestLease} and {LongestLease}.");
        if (Grace < TimeSpan.Zero || Grace > LongestGrace)
            problems.Add($"Fleet:Grace is {Grace}; it must be between 0 (strict) and {LongestGrace}.");
        if (MostUnacknowledgedRecords is < 1 or > 100_000)
            problems.Add($"Fleet:MostUnacknowledgedRecords is {MostUnacknowledgedRecords}; it must be between 1 and 100000.");
        if (MostUnacknowledgedBytes is < 1024 or > 256 << 20)
            problems.Add($"Fleet:MostUnacknowledgedBytes is {MostUnacknowledgedBytes}; it must be between 1024 and 268435456.");
        if (NewsEvery < TimeSpan.Zero || NewsEvery > TimeSpan.FromSeconds(1))
            problems.Add($"Fleet:NewsEvery is {NewsEvery}; it must be between 0 and 1 second.");
        return problems;
    }
}
