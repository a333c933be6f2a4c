using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>
/// Runs fetches: begins them under the fence, sends them to one upstream after the other, tells their head, streams their body, and stores
/// what may be stored (design section 3, The fence and G4).
/// </summary>
internal sealed class Fetcher(
    EdgeOptions options,
    NodeState state,
    ResponseStore store,
    FlightBoard board,
    UpstreamChoice choice,
    UpstreamRequest requests,
    UpstreamClient client,
    TimeProvider time,
    CancellationToken stop
)
{
    /// <summary>
    /// Registers a fetch, then stamps it, and lets others join it under <paramref name="shared"/>. Null when another fetch was published first.
    /// </summary>
    /// <param name="about">A stored response to ask about; left out when it was purged by now: it is not used even for a condition.</param>
    public (Flight Flight, GrowingBody.Reader? Reader)? Begin(
        FetchPlan plan,
        StoredResponse? about,
        FlightKey? shared,
        Flight? former,
        bool background
    )
    {
        var flight = new Flight(plan, board.Next(), new GrowingBody(options.LargestStoredBody, options.WindowBytes));
        // Registered before the stamp is read: a rule applied in between finds it here or is in the snapshot.
        state.Index.Register(flight);
        var snapshot = state.Current;
        flight.Begin(snapshot.Position, snapshot.Generation);
        // Swept meanwhile, its rule may have retired: then the index knows what the fence no longer does.
        if (IsOfFormerConfiguration(plan, snapshot))
        {
            // What the key means may have changed since the request was read: for this visitor alone, or it lies under a key of the former meaning for good.
            (flight.NotStored, shared, about) = ("configuration-changed", null, null);
        }
        flight.Base = about is { IsRemoved: false } && Fence.Test(snapshot, about).MayBeUsed ? about : null;
        var reader = background ? null : flight.Body.Join();
        if (shared is { } key && !board.Publish(key, flight, former))
        {
            Forget(flight, shared);
            return null;
        }
        _ = RunAsync(flight, snapshot, shared);
        return (flight, reader);
    }

    private static bool IsOfFormerConfiguration(FetchPlan plan, NodeSnapshot snapshot) =>
        !snapshot.Properties.TryGetValue(plan.PropertyId, out var property) || property.LastConfiguration != plan.Configuration;

    private async Task RunAsync(Flight flight, NodeSnapshot snapshot, FlightKey? shared)
    {
        // Off the visitor's path: what follows must not depend on how far the caller got.
        await Task.Yield();
        try
        {
            var head = await SendAsync(flight, snapshot, shared);
            flight.Tell(head);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            flight.Tell(new(FlightEnd.Failed) { Failure = FetchFailure.BrokenHead });
        }
        finally
        {
            // Whatever happened, nobody waits for ever.
            flight.Tell(new(FlightEnd.Failed) { Failure = FetchFailure.BrokenHead });
            flight.Body.Break();
            Forget(flight, shared);
        }
    }

    private void Forget(Flight flight, FlightKey? shared)
    {
        if (shared is { } key)
            board.Withdraw(key, flight);
        state.Index.Release(flight);
    }

    /// <summary>Asks the upstreams in order; a head that arrived is told before its body is read.</summary>
    private async Task<FlightHead> SendAsync(Flight flight, NodeSnapshot snapshot, FlightKey? shared)
    {
        var failed = FetchFailure.NoOrigin;
        if (!snapshot.Properties.TryGetValue(flight.PropertyId, out var property))
            return new(FlightEnd.Failed) { Failure = failed };
        foreach (var upstream in choice.For(property, flight.Key.Host))
        {
            using var request = requests.ForFetch(flight, snapshot, upstream);
            var requestTime = time.GetUtcNow();
            var (response, failure) = await client.SendAsync(upstream, request, stop);
            if (response is null)
            {
                failed = failure;
                if (upstream.Shield is { } shield)
                    choice.Rest(shield);
                else if (failure != FetchFailure.CannotConnect)
                    break;
                continue;
            }
            using (response)
            {
                if (upstream.IsShield && response.Headers.NonValidated.Contains(TierSeal.Refused))
                {
                    failed = FetchFailure.Refused;
                    continue;
                }
                return await ReceiveAsync(flight, response, requestTime, shared);
            }
        }
        return new(FlightEnd.Failed) { Failure = failed };
    }

    private async Task<FlightHead> ReceiveAsync(Flight flight, HttpResponseMessage response, DateTimeOffset requestTime, FlightKey? shared)
    {
        var responseTime = time.GetUtcNow();
        var received = HeaderRules.Received(response);
        HttpDate.Ensure(received, responseTime);
        if (response.StatusCode == System.Net.HttpStatusCode.NotModified && flight.Base is not null)
            return Confirm(flight, flight.Base, received, requestTime, responseTime);

        var head = Judge(flight, response, received, requestTime, responseTime);
        if (!head.Shareable && shared is { } key)
        {
            board.Withdraw(key, flight);
            if (head.Verdict != StoreVerdict.Stored)
                board.MarkUnshareable(key);
        }
        if (head.NotStored is not null && !head.Shareable)
            flight.Body.StopKeeping();
        if (response.Content.Headers.ContentLength is { } length)
            flight.Body.Expect(length);
        flight.Tell(head);
        if (await ReadBodyAsync(flight, response))
        {
            if (head.NotStored is null && flight.Body.ToStored() is { } body)
                store.Put(new StoredResponse(flight, head.Status, head.Headers, body, head.Freshness, head.Vary), flight);
            flight.Body.Complete();
        }
        return head;
    }

    private FlightHead Judge(
        Flight flight,
        HttpResponseMessage response,
        HeaderDictionary received,
        DateTimeOffset requestTime,
        DateTimeOffset responseTime
    )
    {
        var plan = flight.Plan;
        var status = (int)response.StatusCode;
        IHeaderDictionary headers = received;
        var control = CacheControl.Parse(headers.CacheControl);
        var verdict = StoreRules.Judge("GET", plan.Visitor, status, headers, control, plan.RuleTtl);
        var freshness = StoredFreshness.Of(headers, status, requestTime, responseTime, plan.RuleTtl);
        // A body that ends with the connection cannot be told from one that broke off: it is not stored.
        var endsWithConnection = response.Content.Headers.ContentLength is null && response.Headers.TransferEncodingChunked != true;
        var notStored =
            verdict != StoreVerdict.Stored ? Kebab(verdict)
            : flight.NotStored is not null ? flight.NotStored
            : endsWithConnection && status != 204 ? "length-unknown"
            : response.Content.Headers.ContentLength > options.LargestStoredBody ? "too-large"
            : Overtaken(flight);
        return new(FlightEnd.Response)
        {
            Status = status,
            Headers = headers,
            Freshness = freshness,
            Vary = VaryKey.Of(headers.Vary, plan.Visitor),
            Verdict = verdict,
            NotStored = notStored,
            Shareable = verdict == StoreVerdict.Stored && freshness.Judge(default, responseTime) == ReuseVerdict.Fresh,
        };
    }

    /// <summary>What came since the fetch began, so that Cache-Status does not say "stored" of what the fence will refuse; null: nothing so far.</summary>
    private string? Overtaken(Flight flight) =>
        Fence.Test(state.Current, flight).Reason switch
        {
            FenceReason.Fresh => null,
            FenceReason.Purged => "purged",
            FenceReason.Invalidated => "invalidated",
            _ => "dropped",
        };

    /// <summary>A 304: tests the fence for what is stored and for this fetch, then puts the renewed response in its place (RFC 9111 §4.3.4).</summary>
    private FlightHead Confirm(
        Flight flight,
        StoredResponse held,
        HeaderDictionary notModified,
        DateTimeOffset requestTime,
        DateTimeOffset responseTime
    )
    {
        var plan = flight.Plan;
        if (!Fence.Test(state.Current, held).MayBeUsed || !Freshening.Confirms(held.Headers, notModified, plan.NeedsConfirmation))
            return new(FlightEnd.BaseLost);

        IHeaderDictionary headers = Freshening.Of(held.Headers, notModified);
        var freshness = StoredFreshness.Of(headers, held.Status, requestTime, responseTime, plan.RuleTtl);
        // The bytes are those of the first fetch, and so is the stamp: the earliest counts.
        var entry = new StoredResponse(held, held.Status, headers, held.Body, freshness, VaryKey.Of(headers.Vary, plan.Visitor));
        var verdict = StoreRules.Judge("GET", plan.Visitor, held.Status, headers, CacheControl.Parse(headers.CacheControl), plan.RuleTtl);
        if (verdict == StoreVerdict.Stored && flight.NotStored is null)
            store.Put(entry, flight);
        else
            state.Index.Remove(held);
        return new(FlightEnd.Confirmed)
        {
            Status = held.Status,
            Headers = headers,
            Freshness = freshness,
            Vary = entry.Vary,
            Entry = entry,
            Verdict = verdict,
            NotStored = verdict == StoreVerdict.Stored ? flight.NotStored : Kebab(verdict),
            Shareable = verdict == StoreVerdict.Stored && freshness.Judge(default, responseTime) == ReuseVerdict.Fresh,
        };
    }

    /// <summary>Reads the body to its end. False: it broke off, kept silent too long, or nobody wants it any more.</summary>
    private async Task<bool> ReadBodyAsync(Flight flight, HttpResponseMessage response)
    {
        using var silent = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, silent.Token);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            while (true)
            {
                var room = await flight.Body.RoomAsync(stop);
                silent.CancelAfter(options.BodyIdleAfter);
                var read = await stream.ReadAsync(room, either.Token);
                silent.CancelAfter(Timeout.InfiniteTimeSpan);
                if (read == 0)
                    return true;
                flight.Body.Advance(read);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Kebab(StoreVerdict verdict) =>
        verdict switch
        {
            StoreVerdict.RequestNoStore => "request-no-store",
            StoreVerdict.NotUnderstood => "not-understood",
            StoreVerdict.NoStore => "no-store",
            StoreVerdict.SetCookie => "set-cookie",
            StoreVerdict.VaryStar => "vary-star",
            StoreVerdict.RuleNeverStores => "rule-never-stores",
            StoreVerdict.NothingToReuse => "nothing-to-reuse",
            _ => verdict.ToString().ToLowerInvariant(),
        };
}
