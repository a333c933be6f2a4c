using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>A machine of the control plane and what runs on it: one process after another, which stand by while another machine's works.</summary>
internal sealed partial class ControlSlot(Simulation run, int index)
{
    private readonly Chance _chance = new(Chance.Mix(run.Settings.Seed, (ulong)index + 300));
    private readonly List<(int Life, Action Happens)> _held = [];
    private int _life;

    public int Place => World.Place.OfControl(index);

    /// <summary>The process that works here, or worked last.</summary>
    public ControlPlane? Control { get; private set; }

    /// <summary>It answers clients and nodes. It may be wrong about being the one that works.</summary>
    public bool Works => Control is { IsUp: true };

    /// <summary>SIGSTOP: its clock runs on, nothing else does.</summary>
    public bool IsPaused { get; private set; }

    public void After(long delay, Action happens)
    {
        var life = _life;
        run.Time.After(delay, () => Do(life, happens));
    }

    /// <summary>It happens to this process now; while it is paused, it waits.</summary>
    public void Do(Action happens) => Do(_life, happens);

    public void Work(ControlPlane control) => Control = control;

    /// <summary>The process is gone with all that it had in memory.</summary>
    public void Crash()
    {
        _life++;
        IsPaused = false;
        _held.Clear();
        Control?.Crash();
        Abandon();
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        if (!IsPaused)
            return;
        IsPaused = false;
        for (var i = 0; i < _held.Count && !IsPaused; i++)
            Do(_held[i].Life, _held[i].Happens);
        _held.Clear();
    }

    private void Do(int life, Action happens)
    {
        if (life != _life)
            return;
        if (IsPaused)
            _held.Add((life, happens));
        else
            happens();
    }
}
