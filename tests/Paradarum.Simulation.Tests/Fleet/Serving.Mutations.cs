using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>Where the shell disobeys, for the mutations.</summary>
internal sealed partial class Serving
{
    /// <summary>What a shield does not hear of what a PoP says.</summary>
    private TierRequest? Mutated(TierRequest? tier, NodeSnapshot snapshot, string host) =>
        tier is null
            ? null
            : _run.Mutation switch
            {
                Mutation.ShieldIgnoresThePosition => tier with { LastPurge = 0 },
                Mutation.ValidateIgnored => tier with { Validate = false },
                Mutation.EpochIgnored => tier with { Epoch = snapshot.Epoch },
                Mutation.ShieldMissesAHostnamesMove => tier with
                {
                    LastConfiguration = 0,
                    PropertyId = snapshot.Hosts.TryGetValue(host, out var view) ? view.PropertyId : tier.PropertyId,
                },
                _ => tier,
            };

    private bool MayJoin(SimulatedVisit visit, NodeSnapshot current, Flight open)
    {
        if (Joining.MayJoin(visit, current, open))
            return true;
        if (open.PropertyId != visit.Property.Id || open.Head.IsCompleted)
            return false;
        return _run.Mutation switch
        {
            Mutation.WaiterJoinsAnOldFetch => true,
            Mutation.ShieldJoinsAnOldFetchForANewerPop => IsShield && visit.BehindPop && Fence.Test(current, open).MayBeUsed,
            _ => false,
        };
    }

    private StoredResponse? WithoutFence(SimulatedVisit visit)
    {
        if (visit.NeedsConfirmation || visit.UsesNoStore || State.Index.Find(visit.Property.Id, visit.Key) is not { } resource)
            return null;
        foreach (var entry in resource.Variants)
        {
            if (((StoredResponse)entry).Freshness.Judge(default, visit.Now) == Edge.Freshness.ReuseVerdict.Fresh)
                return (StoredResponse)entry;
        }
        return null;
    }

    private bool StandsInAfterGrace(SimulatedVisit visit, FlightHead head, StoredResponse? stale) =>
        stale is not null
        && (head.End == FlightEnd.Failed || Edge.Freshness.StoredFreshness.IsError(head.Status))
        && stale.Freshness.MayAnswerForError(visit.Now)
        && Fence.Test(State.Current, stale).MayBeUsed;

    /// <summary>What was confirmed counts as fetched now, whatever purged it meanwhile.</summary>
    private FlightHead Revive(Flight flight, StoredResponse held)
    {
        var now = new Flight(flight.Plan, _board.Next(), new GrowingBody(1024, 1024));
        State.Index.Register(now);
        now.Begin(State.Current.Position, State.Current.Generation);
        var entry = new StoredResponse(now, held.Status, held.Headers, held.Body, held.Freshness, held.Vary);
        _process.Store.Put(entry, now);
        State.Index.Release(now);
        return new FlightHead(FlightEnd.Confirmed)
        {
            Status = held.Status,
            Headers = held.Headers,
            Freshness = held.Freshness,
            Vary = held.Vary,
            Entry = entry,
            Shareable = true,
        };
    }

    private void Remember(Flight flight, StoredResponse? held, FlightHead head)
    {
        if (_run.Mutation == Mutation.PurgedEntryUsedForACondition && (head.Entry ?? held) is { } seen)
            _lastSeen[flight.Key] = seen;
    }
}
