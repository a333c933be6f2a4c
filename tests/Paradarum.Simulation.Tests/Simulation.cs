using Microsoft.AspNetCore.Http;
using Paradarum.Control.Fleet;
using Paradarum.SimulationTests.Fleet;
using Paradarum.SimulationTests.Truth;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests;

/// <summary>One run of a schedule: two shields, four PoPs, a control plane, an origin and visitors, in virtual time. One thread, no wall clock, nothing shared with other runs.</summary>
internal sealed partial class Simulation
{
    private readonly Schedule _schedule;
    private readonly NodeClock[] _clocks;
    private readonly SimulatedProcess?[] _processes = new SimulatedProcess?[Place.Nodes];
    private readonly SimulatedProcess?[] _detached = new SimulatedProcess?[Place.Nodes];
    private readonly int[] _slow = new int[Place.Nodes];
    private readonly int[] _doubles = new int[Place.Nodes];
    private readonly Chance _chance;
    private int _starts;

    public Simulation(Schedule schedule, Mutation mutation = Mutation.None, bool traces = false)
    {
        (_schedule, Mutation) = (schedule, mutation);
        _chance = new Chance(Chance.Mix(Settings.Seed, 3));
        Network = new Network(Settings);
        Origin = new Origin(Time);
        History = new History(Time, Origin)
        {
            Trace = traces ? [] : null,
            // Who waits for a late database may be late with a lease, without anything being done to anyone.
            Undisturbed = Settings.Database is { Late: > 0 } ? 0 : (1 << Place.Shields) - 1,
            NothingIsLost = Settings.Database?.IsSynchronous == true,
            PurgesToCome = schedule.Incidents.Count(incident => incident.Kind == IncidentKind.Purge),
        };
        Client = new SimulatedClient(this);
        _clocks =
        [
            .. Settings.NodeRates.Select(
                (rate, node) => new NodeClock(Time, rate, (long)(Chance.Mix(Settings.Seed, (ulong)node + 50) >> 20))
            ),
        ];
        Controls = [.. Enumerable.Range(0, Settings.Database?.Controls ?? 1).Select(slot => new ControlSlot(this, slot))];
        if (Settings.Database is null)
            StartControl();
        else
            Database = new SimulatedDatabase(this);
        foreach (var slot in Settings.Database is null ? [] : Controls)
            slot.Start();
        for (var node = 0; node < Place.Nodes; node++)
            Start(node, $"folder{node}", null);
        _backups.Add(_file.Backup());
        if (schedule.Incidents.Any(incident => incident.Kind == IncidentKind.RestoreOfControl))
            Time.After(Time.Second, BackUp);
    }

    public Settings Settings => _schedule.Settings;

    public Mutation Mutation { get; }

    public Time Time { get; } = new();

    public Network Network { get; }

    public Origin Origin { get; }

    public History History { get; }

    public SimulatedClient Client { get; }

    /// <summary>Which page the client had in mind with each purge.</summary>
    public Dictionary<int, int> Pages { get; } = [];

    public NodeClock ClockOf(int node) => _clocks[node];

    public long SlownessOf(int place) => place < Place.Nodes && _slow[place] > 0 ? _chance.Short(Time.Second) : 0;

    public bool Doubles(int node) => _doubles[node] > 0 && _chance.Happens(0.3);

    /// <summary>Who answers at a node's address; of two processes of one node, either.</summary>
    public SimulatedProcess? ProcessAt(int node, bool former = false) =>
        former && _detached[node] is { IsAlive: true } other ? other : _processes[node];

    /// <summary>The operator deleted it, and it is gone.</summary>
    public bool HasLeft(int node) => (Disk.Left & (1 << node)) != 0;

    /// <summary>Runs to the end, or until something is broken.</summary>
    public Simulation Run()
    {
        foreach (var incident in _schedule.Incidents)
            Time.At(incident.At, () => Happen(incident));
        Time.RunUntil(_schedule.End, () => History.Broken is not null);
        return this;
    }

    /// <summary>A request has arrived at a property's origin.</summary>
    public void AtOrigin(Exchange exchange, int property, SimulatedRequest request)
    {
        if (Origin.Down > 0 && !Origin.SaysSo)
        {
            exchange.Break();
            return;
        }
        var (status, headers, content) = Origin.Answer(property, Topology.PathOf(request.Page), request.Headers);
        exchange.Head(status, headers);
        exchange.Body(content);
    }

    private void Happen(Incident incident)
    {
        switch (incident.Kind)
        {
            case IncidentKind.Visit:
                Client.Visit(incident);
                return;
            case IncidentKind.Purge:
                Client.Purge(incident);
                return;
        }
        History.Trace?.Add(incident.ToString());
        Disturb(incident);
        switch (incident.Kind)
        {
            case >= IncidentKind.CutFromDatabase or IncidentKind.CrashOfControl or IncidentKind.RestoreOfControl:
                HappenToControl(incident);
                break;
            case IncidentKind.OriginDown:
                (Origin.Down, Origin.SaysSo) = (Origin.Down + 1, (incident.Detail & 1) == 0);
                Time.After(incident.For, () => Origin.Down--);
                break;
            case IncidentKind.HostMove:
                Client.Move();
                break;
            default:
                for (var node = 0; node < Place.Nodes; node++)
                {
                    if ((incident.Nodes & (1 << node)) != 0)
                        Happen(incident, node);
                }
                break;
        }
    }

    private void Happen(Incident incident, int node)
    {
        switch (incident.Kind)
        {
            case IncidentKind.CutFromControl:
                foreach (var slot in Controls)
                    Cut(node, slot.Place, incident);
                _processes[node]?.CutStream();
                break;
            case IncidentKind.CutFromShields:
                for (var shield = 0; shield < Place.Shields; shield++)
                    Cut(node, shield, incident);
                break;
            case IncidentKind.CutFromOrigin:
                Cut(node, Place.Origin, incident);
                break;
            case IncidentKind.Crash or IncidentKind.CrashKeepingStore:
                Crash(node, incident);
                break;
            case IncidentKind.Stop:
                Stop(node, incident);
                break;
            case IncidentKind.Pause when _processes[node] is { IsPaused: false } process:
                process.Pause();
                Time.After(incident.For, process.Resume);
                break;
            case IncidentKind.Slow:
                _slow[node]++;
                Time.After(incident.For, () => _slow[node]--);
                break;
            case IncidentKind.LateStream:
                Delay(node, incident);
                break;
            case IncidentKind.StartElsewhere when _processes[node] is { } former:
                History.Doubled |= 1 << node;
                former.Detach();
                _detached[node] = former;
                Start(node, $"elsewhere{_starts}", null);
                break;
            case IncidentKind.WallClockJump:
                _clocks[node].Jumped += TimeSpan.FromSeconds(new Chance(incident.Detail).Between(-7200, 7200));
                break;
            case IncidentKind.Duplicates:
                _doubles[node]++;
                Time.After(incident.For, () => _doubles[node]--);
                break;
            case IncidentKind.Deletion:
                AnyControl(incident.Detail)?.Delete(node);
                break;
        }
    }

    /// <summary>Which shields an outsider may still call live, without asking anyone.</summary>
    private void Disturb(Incident incident)
    {
        if (incident.Kind is >= IncidentKind.CutFromDatabase or IncidentKind.CrashOfControl or IncidentKind.RestoreOfControl)
            History.Undisturbed = 0;
        else
            History.Undisturbed &= ~incident.Nodes;
    }

    private void Cut(int one, int other, Incident incident)
    {
        var link = Network[one, other];
        link.Cuts++;
        link.IsSilent = (incident.Detail & 1) == 0;
        Time.After(incident.For, () => link.Cuts--);
    }

    private void Delay(int node, Incident incident)
    {
        var by = new Chance(incident.Detail).Between(Time.Second / 10, Time.Second * 6 / 5);
        foreach (var slot in Controls)
        {
            var link = Network[node, slot.Place];
            link.Extra += by;
            Time.After(incident.For, () => link.Extra -= by);
        }
    }

    private void Crash(int node, Incident incident)
    {
        if (_processes[node] is not { } former)
            return;
        former.Kill();
        _processes[node] = null;
        var kept = incident.Kind == IncidentKind.CrashKeepingStore ? former : null;
        Time.After(
            incident.For,
            () =>
            {
                if (_processes[node] is null)
                    Start(node, former.Facts.FolderId, kept);
            }
        );
    }

    /// <summary>A process is told to end in good order; whether it managed to or not, its folder is taken by the next one later.</summary>
    private void Stop(int node, Incident incident)
    {
        if (_processes[node] is not { } former)
            return;
        var drain = new Chance(incident.Detail).Between(0, incident.For * 3 / 4);
        var kept = (incident.Detail & 1) == 0 ? former : null;
        former.Do(() => former.Stop(drain));
        Time.After(
            incident.For,
            () =>
            {
                if (!ReferenceEquals(_processes[node], former))
                    return;
                former.Kill();
                Start(node, former.Facts.FolderId, kept);
            }
        );
    }

    private void Start(int node, string folder, SimulatedProcess? kept)
    {
        var id = Topology.NodeIds[node];
        var facts = new InstanceFacts(
            $"{id}#{++_starts}",
            "boot",
            Mutation == Mutation.SuccessorBelievedWithoutProof ? id : folder,
            _starts
        );
        _processes[node] = new SimulatedProcess(this, node, facts, kept);
        _processes[node]!.Start();
    }
}
