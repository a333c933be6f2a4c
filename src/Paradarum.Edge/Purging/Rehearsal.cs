using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

/// <summary>
/// One purge of each kind on a node of its own that nobody sees, when a node starts: so the runtime has compiled what applies, tests and removes before the first real purge comes.
/// That compiling took 7 to 11 ms of the first Path, where a purge is to be in force within one.
/// </summary>
internal static class Rehearsal
{
    private const long Property = 1;
    private const string Host = "rehearsal.invalid";

    private static readonly (string Type, string Value, string Match, string Url)[] Purges =
    [
        ("Path", "/path", "", "/path"),
        ("Path", "/path?with=query", "", "/path?with=query"),
        ("Extension", "jpg", "", "/picture.jpg"),
        ("Regex", "/equal?to=this", "equals", "/equal?to=this"),
        ("Regex", "contained", "contains", "/is/contained/here"),
        ("Regex", "/start", "starts_with", "/start/of/it"),
        ("Regex", "-end", "ends_with", "/the-end"),
        ("Regex", "^/item/[0-9]+$", "regex", "/item/17"),
        ("All", "", "", "/left"),
    ];

    /// <summary>Takes some tens of milliseconds of one thread.</summary>
    /// <returns>Which kinds removed what they should.</returns>
    public static IReadOnlyCollection<PurgeKind> Run(TimeProvider time)
    {
        var state = new NodeState(new EntryIndex(), time);
        var store = new ResponseStore(state, 1 << 20);
        using var sweeper = new Sweeper(state, time);
        state.Replace("rehearsal", 0, ReadOnlyMemory<byte>.Empty, []);
        var property = new PropertyBody { Name = "rehearsal", State = PropertyState.Active };
        property.Hostnames.Add(new HostnameMessage { Name = Host, Active = true });
        Apply(state, new RecordPayload { PropertyId = Property, Property = property });
        sweeper.SweepAll();

        var done = new HashSet<PurgeKind>();
        foreach (var (type, value, match, url) in Purges)
        {
            if (!PurgeRule.Parse(type, value, match).Ok(out var rule, out _) || !CanonicalTarget.Parse(url).Ok(out var target, out _))
                continue;
            // The first is found by the one who asks for it, the second by the sweeper, where the index does not find both at once.
            StoredResponse[] entries = [Store(state, store, target, "http"), Store(state, store, target, "https")];
            var purge = new PurgeBody();
            purge.Rules.Add(rule.ToMessage());
            Apply(
                state,
                new RecordPayload
                {
                    PropertyId = Property,
                    Purges = true,
                    Purge = purge,
                }
            );
            if (Fence.Test(state.Current, entries[0]) is { MayBeUsed: false } verdict)
                state.Remove(entries[0], verdict);
            sweeper.SweepAll();
            if (Array.TrueForAll(entries, entry => entry.IsRemoved))
                done.Add(rule.Kind);
        }
        state.TakeCounts();
        return done;
    }

    private static void Apply(NodeState state, RecordPayload payload) =>
        state.Apply([new LogRecord(state.Current.Position + 1, ReadOnlyMemory<byte>.Empty, payload.ToByteArray())]);

    private static StoredResponse Store(NodeState state, ResponseStore store, CanonicalTarget target, string scheme)
    {
        var fetch = new Fetch(new CacheKey(scheme, Host, target), target);
        state.Index.Register(fetch);
        fetch.Begin(state.Current.Position, state.Current.Generation);
        var entry = new StoredResponse(fetch, StatusCodes.Status200OK, new HeaderDictionary(), StoredBody.Empty, default, VaryKey.None);
        store.Put(entry, fetch);
        state.Index.Release(fetch);
        return entry;
    }

    private sealed class Fetch(CacheKey key, CanonicalTarget target) : FetchInFlight(Property, key, target);
}
