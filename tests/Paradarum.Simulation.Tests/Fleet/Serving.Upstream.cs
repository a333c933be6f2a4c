using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>Requests to upstreams and what comes back.</summary>
internal sealed partial class Serving
{
    /// <summary>Asks the next upstream, or gives up.</summary>
    private void SendNext(Voyage voyage, int page, FetchFailure failed)
    {
        if (!voyage.Upstreams.TryDequeue(out var upstream))
        {
            Finish(voyage, new FlightHead(FlightEnd.Failed) { Failure = failed }, null);
            return;
        }
        if (_run.Mutation is not (Mutation.PurgedEntryUsedForACondition or Mutation.ConditionKeptForTheNextUpstream))
            Fetching.Prepare(State, voyage.Flight);
        var plan = voyage.Flight.Plan;
        var headers = Copy(plan.Visitor);
        headers.Remove("If-None-Match");
        headers.Remove("If-Modified-Since");
        headers["Accept-Encoding"] = Codings.Normalise(plan.Visitor.AcceptEncoding);
        if (FetchCondition.Of(voyage.Flight).Tag is { } tag)
            headers["If-None-Match"] = tag;
        _run.History.Conditional(_process.Node, (int)plan.PropertyId, Topology.PathOf(page), headers);
        voyage.SentAt = _process.Clock.GetUtcNow();
        FlightHead? head = null;
        Send(
            upstream,
            voyage.Begun.Snapshot,
            plan.PropertyId,
            plan.Promised,
            plan.NeedsConfirmation,
            new SimulatedRequest(page, headers),
            (status, received, refused) =>
            {
                if (refused is not null)
                    Silent(FetchFailure.Refused);
                else
                    head = Receive(voyage, status, received);
            },
            content =>
            {
                if (head is { End: FlightEnd.Response })
                    ReceiveBody(voyage, head, content);
            },
            Silent
        );

        void Silent(FetchFailure failure)
        {
            if (!Fetching.AsksTheNext(_choice, upstream, failure))
                voyage.Upstreams.Clear();
            SendNext(voyage, page, failure);
        }
    }

    private void Send(
        Upstream upstream,
        NodeSnapshot snapshot,
        long propertyId,
        ulong promised,
        bool validates,
        SimulatedRequest request,
        Action<int, HeaderDictionary, string?> onHead,
        Action<Content?> onBody,
        Action<FetchFailure> onFailure
    )
    {
        var to = upstream.Shield is { } shield ? Topology.NodeOf(shield.Id) : Place.Origin;
        var exchange = new Exchange(_run, _process, _process.Node, to)
        {
            OnHead = onHead,
            OnBody = onBody,
            OnFailure = onFailure,
        };
        if (to == Place.Origin)
        {
            exchange.Send(arrived => _run.AtOrigin(arrived, (int)propertyId, request));
            return;
        }
        var tier = TierRequest.Of(snapshot, propertyId, promised, validates, "http", _options.Name);
        var process = _run.ProcessAt(to);
        exchange.Send(process, arrived => process!.Serving.Arrive(request with { Tier = tier }, arrived));
    }

    private FlightHead Receive(Voyage voyage, int status, HeaderDictionary received)
    {
        var flight = voyage.Flight;
        var held = flight.Base;
        var arrived = new ArrivedHead(status, received, Content.Bytes, EndsItself: true, voyage.SentAt, _process.Clock.GetUtcNow());
        var head = _reception.Judge(flight, arrived, voyage.Begun.Shared);
        if (_run.Mutation == Mutation.NotModifiedRevivesAPurgedEntry && head.End == FlightEnd.BaseLost && held is not null)
            head = Revive(flight, held);
        Remember(flight, held, head);
        if (head.End != FlightEnd.Response)
            Finish(voyage, head, null);
        else
            voyage.Tell(head);
        return head;
    }

    private void ReceiveBody(Voyage voyage, FlightHead head, Content? content)
    {
        if (content is { } whole && Grow(voyage.Flight.Body, whole))
            _reception.Complete(voyage.Flight, head);
        else
            content = null;
        Finish(voyage, head, content);
    }

    private void Finish(Voyage voyage, FlightHead head, Content? content)
    {
        voyage.Tell(head);
        voyage.Flight.Body.Break();
        Fetching.End(State, _board, voyage.Flight, voyage.Begun.Shared);
        _voyages.Remove(voyage.Flight);
        voyage.End(content);
    }

    /// <summary>False when nobody reads or keeps it any more.</summary>
    private static bool Grow(GrowingBody body, Content content)
    {
        var room = body.RoomAsync(CancellationToken.None);
        if (!room.IsCompletedSuccessfully)
            return false;
        BinaryPrimitives.WriteInt64BigEndian(room.Result.Span, content.Number);
        body.Advance(Content.Bytes);
        return true;
    }

    private void PassThrough(SimulatedVisit visit)
    {
        var snapshot = State.Current;
        var upstreams = snapshot.Properties.TryGetValue(visit.Property.Id, out var property)
            ? new Queue<Upstream>(_choice.For(property, visit.Key.Host))
            : new Queue<Upstream>();
        PassThrough(visit, snapshot, upstreams);
    }

    private void PassThrough(SimulatedVisit visit, NodeSnapshot snapshot, Queue<Upstream> upstreams)
    {
        if (!upstreams.TryDequeue(out var upstream))
        {
            visit.Exchange.Head(502, []);
            visit.Exchange.Body(default);
            return;
        }
        var promised = Math.Max(visit.Promised, visit.Tier?.LastPurge ?? 0);
        var relayed = false;
        Send(
            upstream,
            snapshot,
            visit.Property.Id,
            promised,
            visit.NeedsConfirmation,
            visit.Request with
            {
                Tier = null,
                Named = null,
            },
            (status, received, refused) =>
            {
                relayed = refused is null;
                if (relayed)
                    visit.Exchange.Head(status, received);
                else
                    PassThrough(visit, snapshot, upstreams);
            },
            content =>
            {
                if (relayed && content is { } whole)
                    visit.Exchange.Body(whole);
                else if (relayed)
                    visit.Exchange.Break();
            },
            failure =>
            {
                if (!Fetching.AsksTheNext(_choice, upstream, failure))
                    upstreams.Clear();
                PassThrough(visit, snapshot, upstreams);
            }
        );
    }
}
