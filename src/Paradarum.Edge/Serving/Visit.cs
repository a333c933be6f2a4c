using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Serving;

/// <summary>
/// One request, read once at the door. What is decided later is decided by these facts, not by reading the request again; nothing here needs a connection, so that
/// the simulation asks the same questions.
/// </summary>
internal abstract class Visit
{
    private string? _codings;

    public abstract string Method { get; }

    public abstract IHeaderDictionary Headers { get; }

    /// <summary>Who asks, as X-Forwarded-For will say.</summary>
    public abstract string RemoteAddress { get; }

    /// <summary>As Via will say, for example <c>HTTP/1.1</c>.</summary>
    public abstract string Protocol { get; }

    /// <summary>As X-Request-Id will say; null where requests have none.</summary>
    public virtual string? Id => null;

    /// <summary>The node's snapshot as the head arrived.</summary>
    public required NodeSnapshot Snapshot { get; init; }

    public required PropertyView Property { get; init; }

    /// <summary>What goes upstream.</summary>
    public required CanonicalTarget Target { get; init; }

    /// <summary>What is keyed: the target after the query-string mode.</summary>
    public required CacheKey Key { get; init; }

    /// <summary>The lease as the head arrived; later changes do not count for this request.</summary>
    public required LeaseState Lease { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>The request's directives, or none where visitors do not direct the cache.</summary>
    public required CacheControl Control { get; init; }

    /// <summary>The rule for the path, or null.</summary>
    public required CacheRule? Rule { get; init; }

    /// <summary>What the PoP said, on a shield; null on a PoP.</summary>
    public TierRequest? Tier { get; init; }

    /// <summary>A fetch begun at or before this point in the node's order began before this request. See <see cref="FlightBoard.Mark"/>.</summary>
    public required long ArrivedAfter { get; init; }

    /// <summary>A position that the visitor was promised (<c>X-Purge-Position</c>) and that goes upstream; 0: none.</summary>
    public ulong Promised { get; init; }

    /// <summary>A promise this node could not keep in time: the store and earlier fetches are behind it.</summary>
    public bool BehindPromise => Promised > Snapshot.Position;

    /// <summary>G4: the PoP knows of a purge that this shield has not applied. Nothing from the store, validated or not, and no earlier fetch.</summary>
    public bool BehindPop => Tier is { } tier && tier.LastPurge > Snapshot.Position;

    /// <summary>A fenced PoP, or a fenced shield that is asked by one: the store only after a strong confirmation, and no earlier fetch.</summary>
    public bool NeedsConfirmation => Lease == LeaseState.Fenced && (Tier is null || Tier.Validate);

    public bool UsesNoStore => BehindPop || BehindPromise;

    public bool JoinsNoEarlierFetch => NeedsConfirmation || UsesNoStore || Promised > 0;

    /// <summary>What its misses share. Worked out when it is first asked for: a hit needs none of it.</summary>
    public FlightKey Shared => new(Key, _codings ??= Codings.Normalise(Headers.AcceptEncoding));

    public TimeSpan? RuleTtl => Rule is null ? null : TimeSpan.FromSeconds(Math.Clamp(Rule.TtlSeconds, 0, 2_147_483_648));
}

/// <summary>A visit that came over a connection.</summary>
internal sealed class HttpVisit(HttpContext context) : Visit
{
    public HttpContext Context => context;

    public override string Method => context.Request.Method;

    public override IHeaderDictionary Headers => context.Request.Headers;

    public override string RemoteAddress => context.Connection.RemoteIpAddress?.ToString() ?? "";

    public override string Protocol => context.Request.Protocol;

    /// <summary>Made when it is first asked for: an answer from the store leaves no trace that it could name.</summary>
    public override string Id => field ??= GivenId ?? RequestId.New();

    /// <summary>The answer came out of the store, without a question upstream.</summary>
    public bool FromStore { get; set; }

    /// <summary>Bytes of the body that were sent where its length was not said before; see <see cref="Sent"/>.</summary>
    public long Streamed { get; set; }

    /// <summary>Bytes of the body, for figures: what was said beforehand, else what was counted on the way.</summary>
    public long Sent => Streamed > 0 ? Streamed : Traffic.BodyOf(context);

    /// <summary>How often the slices of what it was to be sent turned out to be of another body.</summary>
    public int BodiesLost { get; set; }

    /// <summary>From a PoP of the fleet, or a visitor whom the operator trusts; null: it is made here.</summary>
    public string? GivenId { get; init; }
}
