using System.Collections.Immutable;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>A node's state, index and sweeper, driven by records as the control link drives them.</summary>
internal sealed class TestNode : IDisposable
{
    public const long Property = 7;
    public const string Host = "demo.cdn.localhost";

    public TestNode(QueryMode? mode = null)
    {
        State = new NodeState(Index, TimeProvider.System) { NodeId = "n1" };
        Sweeper = new Sweeper(State, new FakeTimeProvider());
        Mode = mode ?? QueryMode.WholeQuery;
        State.Replace("epoch", 100, new byte[32], []);
        Configure(Property, Host);
        Sweeper.SweepAll();
        State.TakeCounts();
    }

    public EntryIndex Index { get; } = new() { EntryRemoved = TestEntry.CountRemoval };

    public NodeState State { get; }

    public Sweeper Sweeper { get; }

    public QueryMode Mode { get; }

    public NodeSnapshot Now => State.Current;

    public PendingRules Pending(long property = Property) => Now.Properties[property].Pending;

    public void Dispose() => Sweeper.Dispose();

    public ulong Configure(long property, params string[] hosts) =>
        Apply(new RecordPayload { PropertyId = property, Property = Body(hosts) });

    public PropertyBody Body(params string[] hosts) =>
        new PropertyConfiguration(
            "demo",
            PropertyState.Active,
            [.. hosts.Select(host => new PropertyHostname(host, Active: true))],
            [],
            Mode,
            [],
            ShieldEnabled: false,
            ShieldId: null
        ).ToMessage();

    public ulong Apply(params RecordPayload[] payloads)
    {
        var position = Now.Position;
        State.Apply([.. payloads.Select(payload => new LogRecord(++position, new byte[32], payload.ToByteArray()))]);
        return position;
    }

    public ulong Purge(params PurgeRule[] rules) => Apply(PurgeOf(Property, rules));

    public static RecordPayload PurgeOf(long property, params PurgeRule[] rules)
    {
        var payload = new RecordPayload
        {
            PropertyId = property,
            Purges = true,
            Purge = new PurgeBody(),
        };
        payload.Purge.Rules.AddRange(rules.Select(rule => rule.ToMessage()));
        return payload;
    }

    public TestFetch Fetch(string url, long property = Property, string host = Host, string scheme = "http")
    {
        var fetch = Registered(url, property, host, scheme);
        fetch.Begin(Now.Position, Now.Generation);
        return fetch;
    }

    /// <summary>In the register, but its stamp is not read yet.</summary>
    public TestFetch Registered(string url, long property = Property, string host = Host, string scheme = "http")
    {
        var fetched = Target(url);
        var fetch = new TestFetch(property, new CacheKey(scheme, host, Mode.Apply(fetched)), fetched);
        Index.Register(fetch);
        return fetch;
    }

    public FenceReason Finish(TestFetch fetch, out TestEntry entry, params TestEntry[] replaced)
    {
        entry = new TestEntry(fetch);
        var verdict = State.Store(fetch, entry, replaced);
        Index.Release(fetch);
        return verdict.Reason;
    }

    public TestEntry Store(string url, long property = Property, string host = Host, string scheme = "http")
    {
        Finish(Fetch(url, property, host, scheme), out var entry).ShouldBe(FenceReason.Fresh);
        return entry;
    }

    /// <summary>What a visitor gets from store: the entry if the index finds it and the fence lets it pass.</summary>
    public TestEntry? Look(string url, long property = Property, string host = Host, string scheme = "http")
    {
        var key = new CacheKey(scheme, host, Mode.Apply(Target(url)));
        var resource = Index.Find(property, key);
        if (resource is null || resource.Variants.IsEmpty)
            return null;
        var entry = (TestEntry)resource.Variants[0];
        return Fence.Test(Now, entry).MayBeUsed ? entry : null;
    }

    public FenceReason Test(Stamped item) => Fence.Test(Now, item).Reason;

    public static CanonicalTarget Target(string url) =>
        CanonicalTarget.Parse(url).Ok(out var target, out var refusal) ? target : throw new InvalidOperationException(refusal.Message);

    public static PurgeRule Rule(string type, string? value = null, string? matchType = null) =>
        PurgeRule.Parse(type, value, matchType).Ok(out var rule, out var refusal)
            ? rule
            : throw new InvalidOperationException(refusal.Message);
}

internal sealed class TestFetch(long propertyId, CacheKey key, CanonicalTarget fetched) : FetchInFlight(propertyId, key, fetched);

internal sealed class TestEntry : StoredEntry
{
    private int _timesRemoved;

    public TestEntry(TestFetch fetch, string body = "")
        : base(fetch)
    {
        Stamp = fetch.Stamp;
        Generation = fetch.Generation;
        Body = body;
        RaiseCheckedAt(fetch.CheckedAt);
    }

    public string Body { get; }

    public override long Size => 1000;

    public int TimesRemoved => Volatile.Read(ref _timesRemoved);

    /// <summary>For <see cref="EntryIndex.EntryRemoved"/>.</summary>
    public static void CountRemoval(StoredEntry entry) => Interlocked.Increment(ref ((TestEntry)entry)._timesRemoved);
}
