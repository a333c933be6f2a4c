using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Serving;

/// <summary>What a fetch needs of the request that caused it, copied: the visitor may be gone before the answer comes.</summary>
internal sealed record FetchPlan(
    long PropertyId,
    CacheKey Key,
    CanonicalTarget Target,
    IHeaderDictionary Visitor,
    string RemoteAddress,
    string Protocol,
    bool FromPop,
    TimeSpan? RuleTtl,
    bool NeedsConfirmation,
    string? NotStored,
    ulong Promised,
    ulong Configuration
)
{
    /// <summary>The slice of a large body that is wanted; null: the whole response.</summary>
    public SliceId? Slice { get; init; }

    /// <summary>Of the request that caused it.</summary>
    public string? Id { get; init; }

    /// <summary>When something stale is served instead of what this fetch brings.</summary>
    public StaleConditions StaleOn { get; init; }

    /// <summary>What may be served in its stead; null: nothing is stored.</summary>
    public StoredResponse? StandIn { get; init; }

    /// <param name="visit">Who causes it.</param>
    /// <param name="standIn">What is stored for the visit, fresh or not.</param>
    public static FetchPlan Of(Visit visit, StoredResponse? standIn = null)
    {
        var copy = new HeaderDictionary(visit.Headers.Count);
        foreach (var (name, value) in visit.Headers)
            copy[name] = value;
        return new(
            visit.Property.Id,
            visit.Key,
            visit.Target,
            copy,
            visit.RemoteAddress,
            visit.Protocol,
            visit.Tier is not null,
            visit.RuleTtl,
            visit.NeedsConfirmation,
            visit.UsesNoStore ? "behind"
                : visit.Target.PathAndQuery.Length > CanonicalTarget.LongestStored ? "target-too-long"
                : null,
            Math.Max(visit.Promised, visit.Tier?.LastPurge ?? 0),
            visit.Property.LastConfiguration
        )
        {
            Id = visit.Id,
            StaleOn = visit.Property.Configuration.AlwaysOnline,
            StandIn = standIn,
        };
    }
}

/// <summary>How a fetch came out, once its head is known.</summary>
internal enum FlightEnd
{
    /// <summary>A response, whose body follows.</summary>
    Response,

    /// <summary>304: what was stored is still right.</summary>
    Confirmed,

    /// <summary>304, but what it confirmed was purged meanwhile or is not what is stored: fetch anew, without a condition.</summary>
    BaseLost,

    /// <summary>A body too large to be stored whole: its head is stored, and its bytes are to be had in slices. None of them follows.</summary>
    Sliced,

    /// <summary>A slice was asked for, and the origin has another body by now.</summary>
    Changed,

    /// <summary>A slice was asked for, and the origin does not serve byte ranges of this body after all.</summary>
    Unsliceable,

    /// <summary>Nothing was asked: a fetch that ended as this one began has stored it. Look at the store again.</summary>
    Stored,

    /// <summary>No upstream answered.</summary>
    Failed,
}

/// <summary>The head of a fetch, as everyone who waits for it sees it.</summary>
internal sealed record FlightHead(FlightEnd End)
{
    public int Status { get; init; }

    public IHeaderDictionary Headers { get; init; } = new HeaderDictionary();

    public StoredFreshness Freshness { get; init; }

    public VaryKey Vary { get; init; } = VaryKey.None;

    /// <summary>Of its body in bytes, when it was said.</summary>
    public long? Length { get; init; }

    /// <summary>It may be given to others than the one who asked: storable by RFC 9111, and fresh.</summary>
    public bool Shareable { get; init; }

    /// <summary>What RFC 9111 says about storing it.</summary>
    public StoreVerdict Verdict { get; init; }

    /// <summary>Why it is not stored; null: it is.</summary>
    public string? NotStored { get; init; }

    public StoredResponse? Entry { get; init; }

    public FetchFailure Failure { get; init; }

    /// <summary>The end of its body can be told from its breaking off.</summary>
    public bool EndsItself { get; init; } = true;
}

/// <summary>
/// A fetch from upstream with its own life: it goes on when its first visitor leaves. Registered before it reads its stamp (design section 3, The fence).
/// </summary>
internal sealed class Flight(FetchPlan plan, long order, GrowingBody body) : FetchInFlight(plan.PropertyId, plan.Key, plan.Target)
{
    private readonly TaskCompletionSource<FlightHead> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FetchPlan Plan { get; } = plan;

    /// <summary>When it began, in the node's order of fetches (<see cref="FlightBoard.Mark"/>).</summary>
    public long Order { get; } = order;

    public GrowingBody Body { get; } = body;

    /// <summary>Why it stores nothing, whatever it brings; null: it may store. Set before the request is sent.</summary>
    public string? NotStored { get; set; } = plan.NotStored;

    /// <summary>The stored response it asks about; null: an unconditional fetch.</summary>
    public StoredResponse? Base { get; set; }

    public Task<FlightHead> Head => _head.Task;

    public void Tell(FlightHead head) => _head.TrySetResult(head);
}
