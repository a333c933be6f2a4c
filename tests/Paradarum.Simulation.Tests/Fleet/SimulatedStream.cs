using Paradarum.Control.Fleet;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>One stream between a process and the control plane: in order each way, and lost as a whole.</summary>
internal sealed class SimulatedStream(Simulation run, SimulatedProcess process, ControlSlot slot)
{
    private long _upAt;
    private long _downAt;

    public SimulatedProcess Process => process;

    /// <summary>The control plane's machine that it was opened to.</summary>
    public ControlSlot Slot => slot;

    /// <summary>The control plane's view of it, once its hello was taken in.</summary>
    public NodeLink? Link { get; set; }

    /// <summary>The node was welcomed on it.</summary>
    public bool IsWelcomed { get; set; }

    /// <summary>What was under way is lost, both ways.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Messages arrive twice.</summary>
    public bool Doubles => run.Doubles(process.Node);

    /// <summary>When the batch before is handed over.</summary>
    public long ReadyAt { get; set; }

    public void Cut() => IsCut = true;

    /// <summary>To the control plane.</summary>
    public void Up(Action<ControlPlane> arrives, bool mayDouble = true)
    {
        if (!Passes(ref _upAt))
            return;
        if (slot.Control is not { } control)
            return;
        run.Time.At(_upAt, () => slot.Do(() => Arrive(control, arrives)));
        if (mayDouble && Doubles)
            run.Time.At(_upAt, () => slot.Do(() => Arrive(control, arrives)));
    }

    /// <summary>To the node.</summary>
    public void Down(object message)
    {
        if (!Passes(ref _downAt))
            return;
        process.At(_downAt + run.SlownessOf(process.Node), () => Arrive(message));
        if (Doubles)
            process.At(_downAt + run.SlownessOf(process.Node), () => Arrive(message));
    }

    private bool Passes(ref long at)
    {
        if (IsCut || run.Network.IsCut(process.Node, slot.Place))
            return false;
        at = Math.Max(at, run.Time.Now + run.Network.Delay(process.Node, slot.Place));
        return true;
    }

    private void Arrive(ControlPlane control, Action<ControlPlane> arrives)
    {
        if (!IsCut && control.IsUp)
            arrives(control);
    }

    private void Arrive(object message)
    {
        if (!IsCut)
            process.Take(this, message);
    }
}
