using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>A fetch that was begun: what it is sent by is the snapshot that stamped it.</summary>
/// <param name="Flight">Registered and stamped.</param>
/// <param name="Snapshot">Its stamp's.</param>
/// <param name="Shared">The key under which others join it; null: nobody does.</param>
/// <param name="Reader">The first visitor's place in the body; null in the background.</param>
internal readonly record struct BegunFetch(Flight Flight, NodeSnapshot Snapshot, FlightKey? Shared, GrowingBody.Reader? Reader);

/// <summary>The condition of a fetch that asks about something stored: an entity tag, or else a date.</summary>
internal readonly record struct FetchCondition(string? Tag, string? ModifiedSince)
{
    public static FetchCondition Of(Flight flight)
    {
        if (flight.Base is not { } held)
            return default;
        if (Validators.ETag(held.Headers) is { } tag)
            return new(tag, null);
        // A date confirms nothing strongly: on a fenced node only the tag is asked about.
        return flight.Plan.NeedsConfirmation ? default : new(null, held.Headers.LastModified.ToString());
    }
}

/// <summary>How fetches begin, go from one upstream to the next, and end; without I/O (design section 3, The fence).</summary>
internal static class Fetching
{
    /// <summary>
    /// Registers a fetch, then stamps it, and lets others join it under <paramref name="shared"/>. Null when another fetch was published first, or has ended and stored.
    /// </summary>
    /// <param name="state">The node's.</param>
    /// <param name="board">The node's.</param>
    /// <param name="plan">What it needs of the request.</param>
    /// <param name="body">Where its body will grow.</param>
    /// <param name="about">A stored response to ask about; left out when it was purged by now: it is not used even for a condition.</param>
    /// <param name="shared">Null: nobody may join it.</param>
    /// <param name="former">The fetch that it takes the place of.</param>
    /// <param name="background">No visitor reads it.</param>
    /// <param name="isStored">
    /// Whether what it would fetch is in the store by now. Asked once no other can be published any more: the one before stored first, and was withdrawn then.
    /// </param>
    public static BegunFetch? Begin(
        NodeState state,
        FlightBoard board,
        FetchPlan plan,
        GrowingBody body,
        StoredResponse? about,
        FlightKey? shared,
        Flight? former,
        bool background,
        Func<bool>? isStored = null
    )
    {
        var flight = new Flight(plan, board.Next(), body);
        // Registered before the stamp is read: a rule applied in between finds it here or is in the snapshot.
        state.Index.Register(flight);
        var snapshot = state.Current;
        flight.Begin(snapshot.Position, snapshot.Generation);
        if (IsOfFormerConfiguration(plan, snapshot))
        {
            // What the key means may have changed since the request was read: for this visitor alone, or it lies under a key of the former meaning for good.
            (flight.NotStored, shared, about) = ("configuration-changed", null, null);
        }
        flight.Base = about is not null && Fence.Test(snapshot, about).MayBeUsed ? about : null;
        var reader = background ? null : flight.Body.Join();
        if (shared is not { } key)
            return new(flight, snapshot, null, reader);
        var isOpen = false;
        try
        {
            isOpen = board.Publish(key, flight, former) && isStored?.Invoke() != true;
            return isOpen ? new(flight, snapshot, shared, reader) : null;
        }
        finally
        {
            // Also should the question throw: whoever joined meanwhile does not wait for ever, and looks for itself.
            if (!isOpen)
            {
                reader?.Dispose();
                End(state, board, flight, shared);
                flight.Tell(new(FlightEnd.Stored));
            }
        }
    }

    /// <summary>
    /// Before each upstream is asked: what was purged since the fetch began is given up, since it is not used even for a condition (G2). The first upstream may have
    /// kept silent for long.
    /// </summary>
    public static void Prepare(NodeState state, Flight flight)
    {
        if (flight.Base is { } held && !Fence.Test(state.Current, held).MayBeUsed)
            flight.Base = null;
    }

    /// <summary>It can store nothing any more, and nobody finds it.</summary>
    public static void End(NodeState state, FlightBoard board, Flight flight, FlightKey? shared)
    {
        if (shared is { } key)
            board.Withdraw(key, flight);
        state.Index.Release(flight);
    }

    /// <summary>
    /// After an upstream gave no head: whether the next one is asked. A shield that did not answer rests for a while. A fetch is a GET, which is idempotent: where the
    /// connection broke before a head it may be made again (RFC 9110 section 9.2.2). One that kept silent is not: the visitor has waited, and the origin is at work.
    /// </summary>
    public static bool AsksTheNext(UpstreamChoice choice, Upstream silent, FetchFailure failure)
    {
        if (silent.Shield is { } shield)
        {
            if (failure != FetchFailure.Refused)
                choice.Rest(shield);
            return true;
        }
        return failure is FetchFailure.CannotConnect or FetchFailure.BrokenHead;
    }

    private static bool IsOfFormerConfiguration(FetchPlan plan, NodeSnapshot snapshot) =>
        !snapshot.Properties.TryGetValue(plan.PropertyId, out var property) || property.LastConfiguration != plan.Configuration;
}
