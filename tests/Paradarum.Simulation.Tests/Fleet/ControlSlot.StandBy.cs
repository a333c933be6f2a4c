using Paradarum.Control.Fleet;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>Where there is a database: standing by, taking over, and being superseded.</summary>
internal sealed partial class ControlSlot
{
    private DatabaseWriter? _writer;
    private ControlBackup? _lastRead;

    /// <summary>The first machine's process is the first to be there.</summary>
    public void Start()
    {
        if (index == 0)
            Look();
        else
            StandBy();
    }

    /// <summary>Looks whether there is something to take over, four times a second.</summary>
    public void StandBy()
    {
        // Mutation: what was read then is what a takeover starts from.
        _lastRead ??= run.Database!.Primary.Disk.Backup();
        After(_chance.Between(Time.Second / 50, Time.Second / 4), Look);
    }

    /// <summary>Whatever holds its session ends it: the server, or what lies between.</summary>
    public DatabaseSession? Session => _writer?.Session;

    private void Look()
    {
        if (run.Database!.IsFreeFor(Place))
            run.Database.Open(this, $"{Place}@{run.Time.Now}", Load, _ => StandBy());
        else
            StandBy();
    }

    /// <summary>What the start reads, and what it makes durable before anybody is granted anything.</summary>
    private void Load(DatabaseSession session, Found found)
    {
        var writer = _writer = new DatabaseWriter(run, this, session, found);
        (ControlBackup Memory, FleetPast Past)? read = null;
        writer.Write(
            disk =>
            {
                disk.Past = disk.Past.On(disk.Epochs);
                read ??= (disk.Backup(), disk.Past);
            },
            () => Begin(writer, read!.Value.Memory, read.Value.Past),
            Superseded
        );
    }

    private void Begin(DatabaseWriter writer, ControlBackup memory, FleetPast past)
    {
        if (run.Mutation == Mutation.TakeoverFromMemory)
            memory = memory with { Instances = _lastRead?.Instances ?? memory.Instances };
        _lastRead = memory;
        Control = new ControlPlane(run, this, writer, memory, _chance, past);
        run.Client.Follow(Control);
    }

    /// <summary>It can never write again: drops what it had in memory, and stands by.</summary>
    public void Superseded()
    {
        if (run.Mutation == Mutation.CompleteFromAStaleView && Works)
            GoOnWithAStaleView();
        else
            After(_chance.Short(Time.Second) + 1, StartAnew);
    }

    private void StartAnew()
    {
        _life++;
        Control?.Crash();
        Abandon();
        StandBy();
    }

    private void Abandon()
    {
        _writer?.Abandon();
        _writer = null;
    }

    private void GoOnWithAStaleView()
    {
        var disk = run.Database!.Primary.Disk;
        if (disk.Log.Epoch == Control!.Epoch)
            Control.GoOnWithAStaleView(disk);
        After(Time.Second / 20, GoOnWithAStaleView);
    }
}
