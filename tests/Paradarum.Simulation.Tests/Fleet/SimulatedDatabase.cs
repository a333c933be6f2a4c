using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>A primary, its standby, and a third server that becomes the next one. Control planes find the primary by asking each server.</summary>
internal sealed class SimulatedDatabase
{
    private readonly Simulation _run;
    private readonly DatabaseServer[] _servers = new DatabaseServer[Place.Servers];
    private readonly Queue<DatabaseServer> _spare = new();
    private readonly Chance _chance;

    public SimulatedDatabase(Simulation run)
    {
        _run = run;
        _chance = new Chance(Chance.Mix(run.Settings.Seed, 500));
        for (var server = 0; server < Place.Servers; server++)
            _servers[server] = new DatabaseServer(run, Place.Database + server, new ControlDisk());
        Primary = _servers[0];
        Primary.IsPrimary = true;
        Primary.Attach(_servers[1]);
        _spare.Enqueue(_servers[2]);
    }

    /// <summary>The one that was promoted last.</summary>
    public DatabaseServer Primary { get; private set; }

    private bool IsSynchronous => _run.Settings.Database!.IsSynchronous;

    /// <summary>As it looks from there: some primary can be reached, and nobody holds its lock.</summary>
    public bool IsFreeFor(int place) =>
        Reachable(place) is { } server && (server.IsFree || _run.Mutation == Mutation.NeitherLockNorCounter);

    /// <summary>Connects, takes the lock and settles what there is to settle; hears what it finds, or whether another one has the lock.</summary>
    public void Open(ControlSlot slot, string? claim, Action<DatabaseSession, Found> opened, Action<bool> failed)
    {
        if (Reachable(slot.Place) is not { } server)
        {
            slot.After(_chance.Short(Time.Second / 3) + 1, () => failed(false));
            return;
        }
        var session = new DatabaseSession(_run, slot, server);
        var isOver = false;
        session.Broken = () => Fail(isTaken: false);
        slot.After(_run.Settings.Database!.AnsweredWithin, () => Fail(isTaken: false));
        session.Up(() => server.TakeLock(session, _run.Time.Now + (Time.Second * 7 / 10), claim, found => session.Down(() => End(found))));

        void End(Found? found)
        {
            if (isOver)
                return;
            if (found is null)
            {
                Fail(isTaken: true);
                return;
            }
            isOver = true;
            opened(session, found);
        }

        void Fail(bool isTaken)
        {
            if (isOver)
                return;
            isOver = true;
            session.Close();
            failed(isTaken);
        }
    }

    /// <summary>
    /// The standby takes the primary's place: because that is gone, or because it looks so from where somebody decides. Then it lives on for a while, with the control planes that
    /// still reach it, and nobody confirms what it commits. Without a standby that is waited for there is no telling, so it is made sure that it is gone (docs/operating/postgresql.md).
    /// </summary>
    public void Promote(Incident incident)
    {
        var former = Primary;
        if (former.Standby is null)
            return;
        var chance = new Chance(incident.Detail);
        var livesOn = IsSynchronous && chance.Happens(0.5);
        Primary = former.Promote();
        if (livesOn)
            Part(former, Primary, incident.For, chance);
        else
            former.Die();
        _run.Time.After(chance.Short(Time.Second / 2), AttachSpare);
        _run.Time.After(
            incident.For,
            () =>
            {
                former.Die();
                _spare.Enqueue(former);
                AttachSpare();
            }
        );
    }

    private void AttachSpare()
    {
        if (Primary.Standby is null && _spare.TryDequeue(out var spare))
            Primary.Attach(spare);
    }

    /// <summary>Each control plane reaches one of the two.</summary>
    private void Part(DatabaseServer former, DatabaseServer next, long lasts, Chance chance)
    {
        foreach (var slot in _run.Controls)
        {
            var staysBehind = slot.Session?.Server == former ? chance.Happens(0.8) : chance.Happens(0.2);
            var link = _run.Network[slot.Place, staysBehind ? next.Place : former.Place];
            (link.Cuts, link.IsSilent) = (link.Cuts + 1, true);
            _run.Time.After(lasts, () => link.Cuts--);
        }
    }

    private DatabaseServer? Reachable(int place)
    {
        foreach (var server in _servers)
        {
            if (server is { IsUp: true, IsPrimary: true } && !_run.Network.IsCut(place, server.Place))
                return server;
        }
        return null;
    }
}
