using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Storage;

/// <summary>A <see cref="StoredFreshness"/> in little more than half of its bytes, since every stored response has one. What is unpacked equals what was packed.</summary>
internal readonly struct PackedFreshness(in StoredFreshness of)
{
    private readonly long _lifetime = of.Lifetime.Value.Ticks;
    private readonly long _initialAge = of.InitialAge.Ticks;
    private readonly long _responseTime = of.ResponseTime.UtcTicks;
    private readonly uint _staleWhileRevalidate = (uint)of.StaleWhileRevalidate.TotalSeconds; // delta-seconds, at most 2^31 (RFC 9111 §1.2.2)
    private readonly uint _staleIfError = (uint)of.StaleIfError.TotalSeconds;
    private readonly LifetimeSource _source = of.Lifetime.Source;
    private readonly byte _marks = (byte)((of.NoCache ? 1 : 0) | (of.MustRevalidate ? 2 : 0) | (of.AllowsAuthorized ? 4 : 0));

    public StoredFreshness Unpacked =>
        new(
            new Lifetime(new TimeSpan(_lifetime), _source),
            new TimeSpan(_initialAge),
            new DateTimeOffset(_responseTime, TimeSpan.Zero),
            NoCache: (_marks & 1) != 0,
            MustRevalidate: (_marks & 2) != 0,
            AllowsAuthorized: (_marks & 4) != 0,
            TimeSpan.FromSeconds(_staleWhileRevalidate),
            TimeSpan.FromSeconds(_staleIfError)
        );
}
