using System.Collections.Frozen;
using System.Collections.Immutable;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Everything the log has told this node, at one position: published in one volatile write (<see cref="NodeState"/>), then acknowledged.
/// A request reads it once and decides by it.
/// </summary>
internal sealed record NodeSnapshot(
    string Epoch,
    ulong Position,
    ReadOnlyMemory<byte> Hash,
    long Generation,
    FrozenDictionary<string, HostView> Hosts,
    ImmutableDictionary<long, PropertyView> Properties,
    bool PassThroughAll
)
{
    /// <summary>Properties on pass-through, because a record of a later version was not understood. Counted when a configuration comes, not when it is asked for.</summary>
    public int PassingThrough { get; init; }

    /// <summary>
    /// Properties that are not served here at all, because the first record of them was of a later version and not understood. True: it was of a kind that this version does not know, so no later
    /// configuration makes up for it.
    /// </summary>
    public ImmutableDictionary<long, bool> Unread { get; init; } = ImmutableDictionary<long, bool>.Empty;

    /// <summary>A node that has heard nothing: no epoch, no host.</summary>
    public static readonly NodeSnapshot Empty = new(
        "",
        0,
        ReadOnlyMemory<byte>.Empty,
        0,
        FrozenDictionary<string, HostView>.Empty,
        ImmutableDictionary<long, PropertyView>.Empty,
        PassThroughAll: false
    );
}

/// <summary>Which property a canonical host belongs to, and whether it is Active.</summary>
internal sealed record HostView(string Host, long PropertyId, bool Active)
{
    private readonly KeyScope _http = KeyScope.Of("http", Host, "");
    private readonly KeyScope _https = KeyScope.Of("https", Host, "");

    /// <summary>What its keys have in common: made here, so that no request makes or looks for it but where a cache rule puts parts of the request into the key.</summary>
    public KeyScope Scope(string scheme, string parts) =>
        parts.Length > 0 ? KeyScope.Of(scheme, Host, parts)
        : scheme == _https.Scheme ? _https
        : _http;

    /// <summary>What it is served over HTTPS with; null: it is not.</summary>
    public PropertyCertificate? Certificate { get; init; }
}

/// <summary>One property on this node. <paramref name="PassThrough"/>: a configuration record was not understood, nothing is stored or served from store.</summary>
internal sealed record PropertyView(
    long Id,
    PropertyConfiguration Configuration,
    ulong LastPurge,
    ulong LastConfiguration,
    bool PassThrough,
    PendingRules Pending
)
{
    /// <summary>A record without a body that this version knows was among those applied: no later configuration takes the pass-through back.</summary>
    public bool HasUnknownRecord { get; init; }
}
