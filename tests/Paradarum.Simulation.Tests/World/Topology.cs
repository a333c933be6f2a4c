using System.Collections.Immutable;
using Google.Protobuf;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.SimulationTests.World;

/// <summary>What is the same in every run: names, pages, properties and how purges name them. Made once; nothing in it is changed.</summary>
internal static class Topology
{
    public const int PathCount = 5;
    public const int MovingHost = 2;

    /// <summary>The third one moves between the properties.</summary>
    public static readonly string[] Hosts = ["one.test", "two.test", "moving.test"];
    public static readonly int Pages = Hosts.Length * PathCount;
    public static readonly CanonicalTarget[] Targets = [.. Enumerable.Range(0, PathCount).Select(i => Target($"/a/{i}.html"))];
    public static readonly CacheKey[] Keys = [.. Enumerable.Range(0, Pages).Select(i => new CacheKey("http", HostOf(i), TargetOf(i)))];
    public static readonly string[] NodeIds = [.. Enumerable.Range(0, Place.Nodes).Select(NameOf)];

    public static readonly FleetKnowledge Directory = new(
        [.. Enumerable.Range(0, Place.Shields).Select(i => new ShieldAddress(NodeIds[i], new Uri($"http://{NodeIds[i]}.test")))],
        new byte[] { 1 },
        new byte[] { 1 }
    );

    public static readonly EdgeOptions[] Options =
    [
        .. Enumerable
            .Range(0, Place.Nodes)
            .Select(i => new EdgeOptions
            {
                Name = NodeIds[i],
                Role = IsShield(i) ? EdgeRole.Shield : EdgeRole.Pop,
                ShieldRestsFor = TimeSpan.FromMilliseconds(400),
            }),
    ];

    /// <summary>Each shape that a purge of one page may have, and which paths it takes with it (bits).</summary>
    public static readonly ImmutableArray<ImmutableArray<(RecordPayload Payload, int Paths)>> Purges =
    [
        [.. Shapes(1)],
        [.. Shapes(2)],
    ];

    public const int ShapesPerPath = 7;

    public static string NameOf(int node) => node < Place.Shields ? $"shield{node}" : $"pop{node - Place.Shields}";

    public static bool IsShield(int node) => node < Place.Shields;

    public static int PageOf(int host, int path) => (host * PathCount) + path;

    public static string HostOf(int page) => Hosts[page / PathCount];

    public static int PathOf(int page) => page % PathCount;

    public static CanonicalTarget TargetOf(int page) => Targets[page % PathCount];

    public static int NodeOf(string id) => Array.IndexOf(NodeIds, id);

    /// <summary>A property's configuration, with or without the moving host.</summary>
    public static RecordPayload Configuration(int property, bool hasMoving) => Configurations[((property - 1) * 2) + (hasMoving ? 1 : 0)];

    public static (RecordPayload Payload, int Paths) PurgeOf(int property, int path, int shape) =>
        Purges[property - 1][(path * ShapesPerPath) + shape];

    private static readonly RecordPayload[] Configurations = [.. new[] { (1, false), (1, true), (2, false), (2, true) }.Select(Configure)];

    private static RecordPayload Configure((int Property, bool HasMoving) which)
    {
        var body = new PropertyBody
        {
            Name = $"property-{which.Property}",
            QueryMode = new QueryModeMessage(),
            Shield = new ShieldChoice { Enabled = true },
        };
        body.Hostnames.Add(new HostnameMessage { Name = Hosts[which.Property - 1], Active = true });
        if (which.HasMoving)
            body.Hostnames.Add(new HostnameMessage { Name = Hosts[MovingHost], Active = true });
        body.Origins.Add(
            new OriginMessage
            {
                Scheme = "http",
                Host = $"origin{which.Property}.test",
                Port = 80,
            }
        );
        return new RecordPayload { PropertyId = which.Property, Property = body };
    }

    private static IEnumerable<(RecordPayload, int)> Shapes(int property)
    {
        const int all = (1 << PathCount) - 1;
        for (var path = 0; path < PathCount; path++)
        {
            yield return (Purge(property, "Path", $"/a/{path}.html", null), 1 << path);
            yield return (Purge(property, "Regex", $"/a/{path}.html", "equals"), 1 << path);
            yield return (Purge(property, "Regex", $"/{path}.ht", "contains"), 1 << path);
            yield return (Purge(property, "Regex", $"{path}.html", "ends_with"), 1 << path);
            yield return (Purge(property, "All", null, null), all);
            yield return (Purge(property, "Extension", "html", null), all);
            yield return (Purge(property, "Regex", "/a/", "starts_with"), all);
        }
    }

    private static RecordPayload Purge(int property, string type, string? value, string? match)
    {
        if (!PurgeRule.Parse(type, value, match).Ok(out var rule, out var refusal))
            throw new InvalidOperationException(refusal.Message);
        return new RecordPayload
        {
            PropertyId = property,
            Purges = true,
            Purge = new PurgeBody { Rules = { rule.ToMessage() } },
        };
    }

    private static CanonicalTarget Target(string raw) =>
        CanonicalTarget.Parse(raw).Ok(out var target, out var refusal) ? target : throw new InvalidOperationException(refusal.Message);
}

/// <summary>One record as the log holds it.</summary>
internal sealed record LogEntry(RecordPayload Payload, ByteString Bytes, ByteString Hash)
{
    public static LogEntry After(LogEntry before, ulong position, RecordPayload payload)
    {
        var bytes = payload.ToByteString();
        return new LogEntry(payload, bytes, UnsafeByteOperations.UnsafeWrap(Chain.Next(before.Hash.Span, position, bytes.Span)));
    }

    public static LogEntry Origin(string epoch) =>
        new(new RecordPayload(), ByteString.Empty, UnsafeByteOperations.UnsafeWrap(Chain.Origin(epoch)));
}
