using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Edge.Tests.Purging;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Urls;
using Paradarum.Testing.Edge;
using TestNode = Paradarum.Edge.Tests.Purging.TestNode;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>One process of a node with a disk: the real state, index, store, sweeper and tier, each moved when the test says so. Another one on the same disk is its next start.</summary>
internal sealed class DiskNode : IDisposable
{
    public const long Property = 7;
    public const string Host = "site.cdn.localhost";

    private readonly TestLog _log;

    public DiskNode(PowerCutDisk disk, TestLog log, long bytes = 16 << 20, long memory = 1 << 20, string id = "n1")
    {
        (Disk, _log) = (disk, log);
        Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1); // cursors are never put off
        State = new NodeState(Index, Time) { NodeId = id };
        Sweeper = new Sweeper(State, Time);
        Tier = new DiskTier(new DiskOptions(disk, id, bytes, ResponseStore.HeadsOf(memory)), State, Time, NullLogger<DiskTier>.Instance);
        Store = new ResponseStore(State, memory, Tier);
        Tier.Open();
        if (State.Current.Epoch.Length == 0)
            State.Replace(log.Epoch, 0, Chain.Origin(log.Epoch), []);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public PowerCutDisk Disk { get; }

    public EntryIndex Index { get; } = new();

    public NodeState State { get; }

    public Sweeper Sweeper { get; }

    public DiskTier Tier { get; }

    public ResponseStore Store { get; }

    /// <summary>A log that configures the one property.</summary>
    public static TestLog NewLog()
    {
        var log = new TestLog();
        log.Configure(
            Property,
            new PropertyConfiguration(
                "site",
                PropertyState.Active,
                [new PropertyHostname(Host, Active: true)],
                [new Origin("http", "127.0.0.1", 80, "", SslVerify: true)],
                QueryMode.WholeQuery,
                [],
                ShieldEnabled: false,
                ShieldId: null
            )
        );
        return log;
    }

    /// <summary>Everything a start does, to its end.</summary>
    public DiskNode Started()
    {
        CatchUp();
        Tier.Load(default);
        Settle();
        return this;
    }

    public void CatchUp(ulong upTo = ulong.MaxValue)
    {
        var behind = _log.Records.Where(record => record.Position > State.Current.Position && record.Position <= upTo).ToArray();
        if (behind.Length > 0)
            State.Apply(behind);
    }

    /// <summary>Sweeps, and writes all there is to write, the cursor included.</summary>
    public void Settle()
    {
        Sweeper.SweepAll();
        Tier.Work();
        Tier.Work();
    }

    public ulong Purge(string type, string? value = null, string? matchType = null)
    {
        var position = _log.Purge(Property, type, value, matchType);
        CatchUp();
        return position;
    }

    public StoredResponse Put(string url, string body, string? acceptLanguage = null, string? groups = null)
    {
        var target = TestNode.Target(url);
        var fetch = new TestFetch(Property, new CacheKey("http", Host, target), target);
        Index.Register(fetch);
        fetch.Begin(State.Current.Position, State.Current.Generation);
        var entry = Response(fetch, body, Time.GetUtcNow(), acceptLanguage, groups);
        Store.Put(entry, fetch);
        Index.Release(fetch);
        return entry;
    }

    /// <summary>What a 304 does: a new head, the same bytes.</summary>
    public StoredResponse Renew(string url)
    {
        var held = Find(url)!;
        var fetch = new TestFetch(Property, held.Key, held.Fetched);
        Index.Register(fetch);
        fetch.Begin(State.Current.Position, State.Current.Generation);
        var freshness = StoredFreshness.Of(held.Headers, held.Status, Time.GetUtcNow(), Time.GetUtcNow(), rule: null);
        var renewed = new StoredResponse(held, held.Status, held.Headers, held.Body, freshness, held.Vary);
        Store.Put(renewed, fetch);
        Index.Release(fetch);
        return renewed;
    }

    public static StoredResponse Response(
        Stamped fetch,
        string body,
        DateTimeOffset now,
        string? acceptLanguage = null,
        string? groups = null
    )
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var segments = bytes.Chunk(DiskFormat.ChunkBytes).ToArray();
        IHeaderDictionary headers = new HeaderDictionary();
        (headers.CacheControl, headers.ETag, headers.SetCookie) = ("max-age=600", "\"1\"", new(["a", "b"]));
        IHeaderDictionary request = new HeaderDictionary();
        if (acceptLanguage is not null)
            (headers.Vary, request.AcceptLanguage) = ("Accept-Language", acceptLanguage);
        if (groups is not null)
            headers[CacheGroups.Field] = groups;
        return new StoredResponse(
            fetch,
            200,
            headers,
            new StoredBody(segments, DiskFormat.ChunkBytes, bytes.Length),
            StoredFreshness.Of(headers, 200, now, now, rule: null),
            VaryKey.Of(headers.Vary, request)
        );
    }

    /// <summary>What a visitor would be answered: the fence lets it pass, and its bytes are to be had. Null: a miss.</summary>
    public string? Look(string url)
    {
        var resource = Index.Find(Property, new CacheKey("http", Host, TestNode.Target(url)));
        foreach (var variant in resource is null ? default : resource.Variants)
        {
            var entry = (StoredResponse)variant;
            if (Fence.Test(State.Current, entry).MayBeUsed && BytesOf(entry) is { } body)
                return body;
        }
        return null;
    }

    public StoredResponse? Find(string url) =>
        Index.Find(Property, new CacheKey("http", Host, TestNode.Target(url))) is { Variants: [var entry, ..] }
            ? (StoredResponse)entry
            : null;

    public static string? BytesOf(StoredResponse entry)
    {
        var body = entry.Body;
        if (body.OnDisk is { } onDisk)
        {
            if (onDisk.Read(0, (int)DiskFormat.ChunksOf(onDisk.Length), out var chunks) != DiskReadOutcome.Read)
                return null;
            body = new StoredBody(chunks, DiskFormat.ChunkBytes, onDisk.Length);
        }
        var bytes = new List<byte>();
        while (bytes.Count < body.Length)
            bytes.AddRange(body.At(bytes.Count, body.Length - bytes.Count).Span);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    public void Dispose()
    {
        Sweeper.Dispose();
        Tier.Dispose();
    }
}
