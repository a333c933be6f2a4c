using Paradarum.Control.Fleet;
using Paradarum.SimulationTests.Fleet;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests;

/// <summary>What happens to control planes: one on its file, or several on one database.</summary>
internal sealed partial class Simulation
{
    private readonly List<ControlBackup> _backups = [];
    private ControlDisk _file = new();

    /// <summary>Machines of the control plane: one, or those that stand by for one another.</summary>
    public ControlSlot[] Controls { get; }

    /// <summary>Null: the control plane has a file.</summary>
    public SimulatedDatabase? Database { get; }

    public ControlDisk Disk => Database?.Primary.Disk ?? _file;

    /// <summary>One that answers clients, if any does. Of several, whichever they happen to ask.</summary>
    public ControlPlane? AnyControl(ulong dice)
    {
        if (Controls.Length == 1)
            return Controls[0].Works ? Controls[0].Control : null;
        var working = Controls.Where(slot => slot.Works).ToList();
        return working.Count == 0 ? null : working[(int)(dice % (ulong)working.Count)].Control;
    }

    private void HappenToControl(Incident incident)
    {
        switch (incident.Kind)
        {
            case IncidentKind.CrashOfControl when Database is null:
                Crash(incident);
                break;
            case IncidentKind.RestoreOfControl:
                Restore(incident);
                break;
            case IncidentKind.Promotion:
                History.WasRestored |= !Settings.Database!.IsSynchronous;
                Database!.Promote(incident);
                break;
            default:
                HappenTo(Chosen(incident), incident);
                break;
        }
    }

    private void HappenTo(ControlSlot slot, Incident incident)
    {
        switch (incident.Kind)
        {
            case IncidentKind.CrashOfControl:
                slot.Crash();
                Time.After(incident.For, slot.StandBy);
                break;
            case IncidentKind.CutFromDatabase:
                CutFromDatabase(slot, incident);
                break;
            case IncidentKind.PauseOfControl when !slot.IsPaused:
                slot.Pause();
                // The whole machine stands still, or the process alone, whose connections its system keeps.
                if ((incident.Detail & 1) == 0)
                    slot.Session?.FallSilent(() => slot.IsPaused);
                Time.After(incident.For, slot.Resume);
                break;
            case IncidentKind.SessionEnded when slot.Session is { } session:
                session.EndsWithNextCommit = true;
                break;
        }
    }

    /// <summary>Mostly the one that works.</summary>
    private ControlSlot Chosen(Incident incident)
    {
        var chance = new Chance(incident.Detail);
        var any = Controls[chance.Below(Controls.Length)];
        return chance.Happens(0.85) && Array.Find(Controls, slot => slot.Works) is { } working ? working : any;
    }

    private void CutFromDatabase(ControlSlot slot, Incident incident)
    {
        for (var server = 0; server < Place.Servers; server++)
            Cut(slot.Place, Place.Database + server, incident);
        if (slot.Session is not { } session)
            return;
        session.FallSilent(() => Network.IsCut(slot.Place, session.Server.Place));
        if (!Network[slot.Place, session.Server.Place].IsSilent)
            session.Break();
    }

    private void Crash(Incident incident)
    {
        Controls[0].Crash();
        Time.After(
            incident.For,
            () =>
            {
                if (!Controls[0].Works)
                    StartControl();
            }
        );
    }

    /// <summary>The control plane is lost and put back from an earlier backup, which starts another log.</summary>
    private void Restore(Incident incident)
    {
        History.WasRestored = true;
        _file = ControlDisk.Restore(_backups[new Chance(incident.Detail).Below(_backups.Count)]);
        _backups.Clear();
        _backups.Add(_file.Backup());
        Crash(incident);
    }

    private void BackUp()
    {
        _backups.Add(_file.Backup());
        Time.After(Time.Second, BackUp);
    }

    private void StartControl()
    {
        var chance = new Chance(Chance.Mix(Settings.Seed, (ulong)Time.Now + 7));
        var past = new FleetPast(null, null, Restored: _file.IsRestored, Promoted: false);
        var control = new ControlPlane(this, Controls[0], new FileWriter(Controls[0], _file, chance), _file.Backup(), chance, past);
        Controls[0].Work(control);
        foreach (var purge in History.Purges)
        {
            if (purge.Epoch == _file.Log.Epoch)
                control.Watch(purge);
        }
    }
}
