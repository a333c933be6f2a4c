using CsCheck;
using Paradarum.Control.Fleet;

namespace Paradarum.Control.Tests.Fleet.Simulation;

internal enum Incident
{
    None,
    Purge,
    PurgeLater,
    Cut,
    Kill,
    Reboot,
    StartElsewhere,
    Pause,
    Hang,
    Resume,
    RestartControl,
    Delete,
}

/// <summary>What happens to which node, how late messages are from then on, and how long until the next.</summary>
internal sealed record Step(Incident Incident, int Node, TimeSpan Latency, TimeSpan Then);

/// <summary>One run: a fleet, its clocks and what happens to it.</summary>
internal sealed record Schedule(int Shields, int Pops, TimeSpan Grace, double ControlRate, double[] NodeRates, Step[] Steps)
{
    /// <summary>Clocks are off by less than 1 % (design section 3, not promised).</summary>
    private static readonly Gen<double> Rate = Gen.OneOf(Gen.Const(0.9901), Gen.Const(1.0099), Gen.Double[0.9901, 1.0099]);

    private static readonly Gen<Incident> Incidents = Gen.Frequency(
        (6, Gen.Const(Incident.Purge)),
        (2, Gen.Const(Incident.PurgeLater)),
        (3, Gen.Const(Incident.None)),
        (2, Gen.Const(Incident.Cut)),
        (1, Gen.Const(Incident.Kill)),
        (1, Gen.Const(Incident.Reboot)),
        (1, Gen.Const(Incident.StartElsewhere)),
        (2, Gen.Const(Incident.Pause)),
        (2, Gen.Const(Incident.Hang)),
        (3, Gen.Const(Incident.Resume)),
        (1, Gen.Const(Incident.RestartControl))
    );

    private static readonly Gen<TimeSpan> Latencies = Gen.OneOf(Gen.Int[0, 100], Gen.Int[0, 2500])
        .Select(ms => TimeSpan.FromMilliseconds(ms));

    private static readonly Gen<TimeSpan> Pauses = Gen.OneOf(Gen.Int[0, 300], Gen.Int[0, 5000]).Select(ms => TimeSpan.FromMilliseconds(ms));

    private static readonly Gen<Step> Steps_ = Gen.Select(
        Incidents,
        Gen.Int[0, 4],
        Latencies,
        Pauses,
        (what, node, late, then) => new Step(what, node, late, then)
    );

    public static readonly Gen<Schedule> Any = Gen.Select(
        Gen.Int[0, 2],
        Gen.Int[1, 2],
        Gen.OneOf(Gen.Const(0), Gen.Int[0, 8000]).Select(ms => TimeSpan.FromMilliseconds(ms)),
        Rate,
        Rate.Array[4],
        Steps_.Array[5, 60],
        (shields, pops, grace, control, nodes, steps) => new Schedule(shields, pops, grace, control, nodes, steps)
    );

    public SimulatedFleet Run(Sabotage? sabotage = null)
    {
        var options = new FleetOptions { Grace = Grace };
        var fleet = new SimulatedFleet(Shields, Pops, options, ControlRate, NodeRates, sabotage ?? new Sabotage());
        foreach (var step in Steps)
        {
            Happen(fleet, step);
            fleet.Advance(step.Then, step.Latency);
            if (fleet.Broken is not null)
                break;
        }
        return fleet;
    }

    private void Happen(SimulatedFleet fleet, Step step)
    {
        var node = step.Node % (Shields + Pops);
        switch (step.Incident)
        {
            case Incident.Purge:
                fleet.Purge();
                fleet.NoticeHead();
                break;
            case Incident.PurgeLater:
                fleet.Purge();
                break;
            case Incident.Cut:
                fleet.Cut(node);
                break;
            case Incident.Kill:
                fleet.Kill(node);
                break;
            case Incident.Reboot:
                fleet.Reboot(node);
                break;
            case Incident.StartElsewhere:
                fleet.StartElsewhere(node);
                break;
            case Incident.Pause:
                fleet.Process(node).Paused = true;
                break;
            case Incident.Hang:
                fleet.Process(node).Hung = true;
                break;
            case Incident.Resume:
                fleet.Process(node).Paused = false;
                fleet.Process(node).Recover(fleet.Now);
                break;
            case Incident.RestartControl:
                fleet.RestartControl();
                break;
            case Incident.Delete:
                fleet.Delete(node);
                break;
        }
    }
}
