namespace Paradarum.Control.Fleet;

/// <summary>How long a grant lets a node serve, as it is told to the node.</summary>
internal readonly record struct LeaseTerms(TimeSpan Lease, TimeSpan Grace)
{
    /// <summary>The largest that the settings allow: what must be assumed when nothing is known, after a restore.</summary>
    public static readonly LeaseTerms Largest = new(FleetOptions.LongestLease, FleetOptions.LongestGrace);

    public LeaseTerms AtLeast(LeaseTerms other) =>
        new(Lease > other.Lease ? Lease : other.Lease, Grace > other.Grace ? Grace : other.Grace);
}

/// <summary>
/// How the control plane counts what it granted: 2 % longer, because the two clocks may each be off by up to 1 % in rate. The margin is an argument so
/// that a test can show what happens without it.
/// </summary>
internal sealed record LeaseCount(double Margin)
{
    public static readonly LeaseCount TwoPercentLonger = new(0.02);

    public TimeSpan Live(LeaseTerms terms) => terms.Lease * (1 + Margin);

    public TimeSpan Unfenced(LeaseTerms terms) => (terms.Lease + terms.Grace) * (1 + Margin);
}
