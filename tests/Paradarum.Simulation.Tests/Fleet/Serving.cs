using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Urls;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>
/// What the asynchronous shell of a node does for requests, told in callbacks: every decision is the real one's (<see cref="Entrance"/>, <see cref="Step"/>, <see cref="Joining"/>,
/// <see cref="Fetching"/>, <see cref="Reception"/>, <see cref="Outcome"/>), unless a mutation disobeys it.
/// </summary>
internal sealed partial class Serving
{
    private readonly Simulation _run;
    private readonly SimulatedProcess _process;
    private readonly FlightBoard _board;
    private readonly UpstreamChoice _choice;
    private readonly Reception _reception;
    private readonly EdgeOptions _options;
    private readonly Dictionary<Flight, Voyage> _voyages = new(ReferenceEqualityComparer.Instance);
    private readonly List<(SimulatedVisit Visit, long Arrived)> _held = [];
    private readonly Dictionary<CacheKey, StoredResponse> _lastSeen = [];

    public Serving(Simulation run, SimulatedProcess process)
    {
        (_run, _process, _options) = (run, process, Topology.Options[process.Node]);
        _board = new FlightBoard(process.Clock);
        _choice = new UpstreamChoice(_options, new FleetDirectory { Current = Topology.Directory }, process.Clock);
        _reception = new Reception(process.State, process.Store, _board, _options.LargestStoredBody);
    }

    /// <summary>Exchanges that were taken in; those that are over ignore what comes.</summary>
    public List<Exchange> Incoming { get; } = [];

    private NodeState State => _process.State;

    private bool IsShield => Topology.IsShield(_process.Node);

    public void Die()
    {
        foreach (var exchange in Incoming)
            exchange.Break();
        // What it left on its disk knows of no fetch.
        foreach (var voyage in _voyages.Values)
            Fetching.End(State, _board, voyage.Flight, voyage.Begun.Shared);
        State.Index.FetchReleased = null;
    }

    /// <summary>A request's head has arrived.</summary>
    public void Arrive(SimulatedRequest request, Exchange exchange) => Enter(request, exchange, _board.Mark, mayHold: true);

    /// <summary>The snapshot changed: promises may be kept now.</summary>
    public void Moved()
    {
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            var (visit, arrived) = _held[i];
            if (!Entrance.IsKept(visit, State.Current))
                continue;
            _held.RemoveAt(i);
            Enter(visit.Request, visit.Exchange, arrived, mayHold: false);
        }
    }

    private void Enter(SimulatedRequest request, Exchange exchange, long arrivedAfter, bool mayHold)
    {
        var snapshot = State.Current;
        var tier = Mutated(request.Tier, snapshot, Topology.HostOf(request.Page));
        if (Entrance.Refuses(snapshot, Topology.HostOf(request.Page), tier, out _, out var property) is { } refusal)
        {
            exchange.Head(refusal.Status, [], refusal.ToPop);
            exchange.Body(default);
            return;
        }
        var visit = new SimulatedVisit(request, exchange)
        {
            Snapshot = snapshot,
            Property = property,
            Target = Topology.TargetOf(request.Page),
            Key = Topology.Keys[request.Page],
            Lease = _process.LeaseNow,
            Now = _process.Clock.GetUtcNow(),
            Control = default,
            Rule = null,
            Tier = tier,
            ArrivedAfter = arrivedAfter,
            Promised = request.Named is { } named ? Entrance.Promise(named, snapshot, property.Id) : 0,
        };
        if (mayHold && visit.BehindPromise)
            Hold(visit, arrivedAfter);
        else if (Step.Unstorable(visit) is not null)
            PassThrough(visit);
        else
            Continue(visit, 0);
    }

    private void Hold(SimulatedVisit visit, long arrivedAfter)
    {
        _held.Add((visit, arrivedAfter));
        _process.After(
            _run.Settings.HeldFor,
            () =>
            {
                if (_held.Remove((visit, arrivedAfter)))
                    Enter(visit.Request, visit.Exchange, arrivedAfter, mayHold: false);
            }
        );
    }

    private void Continue(SimulatedVisit visit, int round)
    {
        var key = visit.Shared;
        if (_run.Mutation == Mutation.FenceOff && WithoutFence(visit) is { } unfenced)
        {
            Answer(visit, unfenced);
            return;
        }
        var step = Step.Next(State, _board, visit, round);
        switch (step.Kind)
        {
            case StepKind.FromStore:
                EvictionQueue.Hit(step.Entry!);
                if (step.Decision.Served == Served.Stale)
                    Refresh(visit, step.Entry!, key);
                Answer(visit, step.Entry!);
                break;
            case StepKind.Fetch when Joining.IsAlone(visit, round):
                Await(visit, Begin(visit, step.About, null, null)!, step, round, leads: true);
                break;
            case StepKind.Fetch:
                JoinOrBegin(visit, key, step, round);
                break;
            default:
                PassThrough(visit);
                break;
        }
    }

    private void JoinOrBegin(SimulatedVisit visit, FlightKey key, Step step, int round)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            var current = State.Current;
            var open = _board.Find(key);
            if (open is not null && MayJoin(visit, current, open) && open.Body.Join() is { } place)
            {
                var joined = _voyages[open];
                joined.WhenBody(_ => place.Dispose());
                Await(visit, joined, step, round, leads: false);
                return;
            }
            if (open is not null && Joining.AwaitsTheNext(visit, open))
            {
                _voyages[open].WhenHead(() => JoinOrBegin(visit, key, step, round));
                return;
            }
            if (open is null && !isFirst && Step.IsFreshlyStored(State, visit))
            {
                Continue(visit, round + 1);
                return;
            }
            if (Begin(visit, step.About, key, open) is { } begun)
            {
                Await(visit, begun, step, round, leads: true);
                return;
            }
        }
    }

    private void Refresh(SimulatedVisit visit, StoredResponse entry, FlightKey key)
    {
        var current = State.Current;
        var open = _board.Find(key);
        if (open is null || !Joining.MayJoin(visit, current, open))
            Begin(visit, Step.AskedAbout(visit, entry, round: 0), key, open, background: true);
    }

    private Voyage? Begin(SimulatedVisit visit, StoredResponse? about, FlightKey? shared, Flight? former, bool background = false)
    {
        var body = new GrowingBody(_options.LargestStoredBody, _options.WindowBytes);
        if (
            Fetching.Begin(
                State,
                _board,
                FetchPlan.Of(visit),
                body,
                about,
                shared,
                former,
                background,
                () => Step.IsFreshlyStored(State, visit)
            )
            is not { } begun
        )
            return null;
        var property = begun.Snapshot.Properties.GetValueOrDefault(begun.Flight.PropertyId);
        if (
            _run.Mutation == Mutation.PurgedEntryUsedForACondition
            && begun.Flight.Base is null
            && _lastSeen.TryGetValue(visit.Key, out var purged)
        )
            begun.Flight.Base = purged;
        var voyage = new Voyage(begun, property is null ? [] : _choice.For(property, visit.Key.Host));
        _voyages.Add(begun.Flight, voyage);
        voyage.WhenBody(_ => begun.Reader?.Dispose());
        SendNext(voyage, visit.Request.Page, FetchFailure.NoOrigin);
        return voyage;
    }

    private void Await(SimulatedVisit visit, Voyage voyage, Step step, int round, bool leads) =>
        voyage.WhenHead(() =>
        {
            var head = voyage.Head!;
            var outcome = Outcome.Of(visit, head, leads, step.Decision, step.Entry, State.Current);
            if (
                _run.Mutation == Mutation.StaleIfErrorAfterGrace
                && outcome.Kind is OutcomeKind.Failed or OutcomeKind.Response
                && StandsInAfterGrace(visit, head, step.Entry)
            )
                outcome = new(OutcomeKind.Stale, outcome.Decision);
            switch (outcome.Kind)
            {
                case OutcomeKind.Stale:
                    Answer(visit, step.Entry!);
                    break;
                case OutcomeKind.Confirmed:
                    Answer(visit, head.Entry!);
                    break;
                case OutcomeKind.Response:
                    visit.Exchange.Head(head.Status, Copy(head.Headers));
                    voyage.WhenBody(content =>
                    {
                        if (content is { } whole)
                            visit.Exchange.Body(whole);
                        else
                            visit.Exchange.Break();
                    });
                    break;
                case OutcomeKind.Failed:
                    visit.Exchange.Head(head.Failure == FetchFailure.HeadTimeOut ? 504 : 502, []);
                    visit.Exchange.Body(default);
                    break;
                default:
                    Continue(visit, round + 1);
                    break;
            }
        });

    private void Answer(SimulatedVisit visit, StoredResponse entry)
    {
        var headers = new HeaderDictionary();
        entry.WriteFieldsTo(headers);
        headers["Age"] = Age.InSeconds(entry.Freshness.AgeAt(visit.Now)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var holds = Validators.VisitorHolds(visit.Headers, entry.Status, entry.Headers);
        visit.Exchange.Head(holds ? 304 : entry.Status, headers);
        visit.Exchange.Body(Content.Of(BinaryPrimitives.ReadInt64BigEndian(entry.Body.At(0, Content.Bytes).Span)));
    }

    private static HeaderDictionary Copy(IHeaderDictionary headers)
    {
        var copy = new HeaderDictionary(headers.Count + 1);
        foreach (var (name, value) in headers)
            copy[name] = value;
        return copy;
    }
}
