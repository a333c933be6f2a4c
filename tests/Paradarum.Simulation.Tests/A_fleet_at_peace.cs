using Paradarum.Edge.Leasing;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests;

/// <summary>A fleet that did nothing at all would keep every promise too: once trouble is over, everything must get done.</summary>
public sealed class A_fleet_at_peace
{
    [Fact]
    public void Completes_every_purge_and_serves_every_page_again()
    {
        var (runs, left) = (0, 0);
        for (var seed = 1UL; runs < 400; seed++)
        {
            var schedule = Schedule.Of(seed);
            // After a restore nothing is complete for as long as the settings allow a grant to run.
            if (schedule.Incidents.Any(incident => IsARestore(incident, schedule.Settings)))
                continue;
            runs++;
            // What was granted before the last fault ended has run out by then, by any clock.
            var calm = ((Settings.Lease + schedule.Settings.Grace) * 1.03).Ticks + (Time.Second * 4);
            // Until one of several control planes has taken over, which counts from then on.
            if (schedule.Settings.Database is not null)
                calm += calm + (Time.Second * 4);
            var run = new Simulation(Calmed(schedule, calm)).Run();
            run.History.Broken.ShouldBeNull($"seed {seed}");
            foreach (var purge in run.History.Purges.Where(purge => purge.AcceptedAt != long.MaxValue))
                purge.CompleteAt.ShouldNotBe(long.MaxValue, $"seed {seed}, purge {purge.Number}");
            for (var node = 0; node < Place.Nodes; node++)
            {
                if (run.HasLeft(node))
                    left++;
                else
                    run.ProcessAt(node)!.Lease.State.ShouldBe(LeaseState.Leased, $"seed {seed}, {Topology.NameOf(node)}");
            }
            run.History.LastAnswers.ShouldBeGreaterThanOrEqualTo(Place.Nodes - Place.Shields - 1, $"seed {seed}");
        }
        left.ShouldBeGreaterThan(0);
    }

    private static bool IsARestore(Incident incident, Settings settings) =>
        incident.Kind == IncidentKind.RestoreOfControl
        || (incident.Kind == IncidentKind.Promotion && settings.Database is { IsSynchronous: false });

    /// <summary>The same, then quiet, then a visit of every PoP.</summary>
    private static Schedule Calmed(Schedule schedule, long calm)
    {
        var over = schedule.Incidents.Max(incident => incident.At + incident.For) + calm;
        var visits = Enumerable
            .Range(Place.Shields, Place.Nodes - Place.Shields)
            .Select(pop => new Incident(IncidentKind.Visit, over, 0, 1 << pop, 0, 5));
        return schedule with { Incidents = [.. schedule.Incidents, .. visits], End = over + (Time.Second * 3) };
    }
}
