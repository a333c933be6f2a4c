using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>
/// Runs fetches: sends them to one upstream after the other, tells their head, streams their body. How they begin and what they may do is decided by
/// <see cref="Fetching"/> and <see cref="Reception"/> (design section 3, The fence and G4).
/// </summary>
internal sealed class Fetcher(
    EdgeOptions options,
    NodeState state,
    ResponseStore store,
    FlightBoard board,
    UpstreamChoice choice,
    UpstreamRequest requests,
    UpstreamClient client,
    UpstreamPlaces places,
    TimeProvider time,
    CancellationToken stop
)
{
    private readonly Reception _reception = new(state, store, board, options.LargestStoredBody);

    /// <summary>Begins a fetch under the fence (<see cref="Fetching.Begin"/>) and sends it. Null when another fetch was published first, or has ended and stored.</summary>
    public (Flight Flight, GrowingBody.Reader? Reader)? Begin(
        FetchPlan plan,
        StoredResponse? about,
        FlightKey? shared,
        Flight? former,
        bool background,
        Func<bool>? isStored = null
    )
    {
        var body = new GrowingBody(plan.Slice?.Count ?? options.LargestStoredBody, options.WindowBytes);
        if (Fetching.Begin(state, board, plan, body, about, shared, former, background, isStored) is not { } begun)
            return null;
        _ = RunAsync(begun.Flight, begun.Snapshot, begun.Shared);
        return (begun.Flight, begun.Reader);
    }

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
            Fetching.End(state, board, flight, shared);
        }
    }

    /// <summary>Asks the upstreams in order; a head that arrived is told before its body is read.</summary>
    private async Task<FlightHead> SendAsync(Flight flight, NodeSnapshot snapshot, FlightKey? shared)
    {
        var failed = FetchFailure.NoOrigin;
        if (!snapshot.Properties.TryGetValue(flight.PropertyId, out var property))
            return new(FlightEnd.Failed) { Failure = failed };
        foreach (var upstream in choice.For(property, flight.Key.Host))
        {
            using var place = await places.TakeAsync(flight.PropertyId, upstream, stop);
            if (place is null)
            {
                failed = FetchFailure.Overloaded;
                continue;
            }
            Fetching.Prepare(state, flight);
            using var request = requests.ForFetch(flight, snapshot, upstream);
            var requestTime = time.GetUtcNow();
            var (response, failure) = await client.SendAsync(upstream, request, stop);
            using (response)
            {
                var refused = upstream.IsShield && response?.Headers.NonValidated.Contains(TierSeal.Refused) == true;
                if (response is not null && !refused)
                    return await ReceiveAsync(flight, upstream, response, requestTime, shared);
                failed = refused ? FetchFailure.Refused : failure;
            }
            if (!Fetching.AsksTheNext(choice, upstream, failed))
                break;
        }
        return new(FlightEnd.Failed) { Failure = failed };
    }

    private async Task<FlightHead> ReceiveAsync(
        Flight flight,
        Upstream upstream,
        HttpResponseMessage response,
        DateTimeOffset requestTime,
        FlightKey? shared
    )
    {
        var responseTime = time.GetUtcNow();
        // RFC 9112 §6.3: a transfer coding overrides a length that is said beside it.
        var length = response.Headers.TransferEncodingChunked == true ? null : response.Content.Headers.ContentLength;
        // RFC 9112 §8: the orderly end of a connection ends a body too. Under TLS (§9.8) an end that was forged cannot be told from one that was meant.
        var endsItself =
            (length is not null || response.Headers.TransferEncodingChunked == true || !upstream.IsTls)
            && !(upstream.IsShield && response.Headers.NonValidated.Contains(TierSeal.Unended));
        var arrived = new ArrivedHead(
            (int)response.StatusCode,
            HeaderRules.Received(response),
            length,
            endsItself,
            requestTime,
            responseTime,
            upstream.IsShield ? SaidByShield(response) : FetchFailure.None
        );
        var head = _reception.Judge(flight, arrived, shared);
        if (head.End != FlightEnd.Response)
            return head;
        // Told before the body is read.
        flight.Tell(head);
        if (await ReadBodyAsync(flight, response, length) is { } last)
            _reception.Complete(flight, head, last);
        return head;
    }

    /// <summary>What a shield could not do for us; none when it passed an answer on.</summary>
    private static FetchFailure SaidByShield(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(TierSeal.Failed, out var said)
        && Enum.TryParse<FetchFailure>(said.ToString(), out var failure)
        && Enum.IsDefined(failure)
            ? failure
            : FetchFailure.None;

    /// <summary>
    /// Reads the body to its end. Returns how many of its bytes nobody has been shown yet: with a length that was said, those of the last read, since a visitor who has the
    /// whole body takes it to be stored. Null: it broke off, kept silent too long, or nobody wants it any more.
    /// </summary>
    private async Task<int?> ReadBodyAsync(Flight flight, HttpResponseMessage response, long? length)
    {
        using var silent = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, silent.Token);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            for (var total = 0L; ; )
            {
                var room = await flight.Body.RoomAsync(stop);
                silent.CancelAfter(options.BodyIdleAfter);
                var read = await stream.ReadAsync(room, either.Token);
                silent.CancelAfter(Timeout.InfiniteTimeSpan);
                total += read;
                if (read == 0 || total == length)
                    return read;
                flight.Body.Advance(read);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
