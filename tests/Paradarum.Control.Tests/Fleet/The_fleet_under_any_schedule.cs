using CsCheck;
using Paradarum.Control.Fleet;
using Paradarum.Control.Tests.Fleet.Simulation;
using Paradarum.Edge.Leasing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Purges, loss, crashes, pauses, hung nodes, restarts of either side and clocks that drift, in any order (G3, G5, G6 and Leases).</summary>
public sealed class The_fleet_under_any_schedule
{
    private const int Schedules = 1000;

    [Fact]
    public void Never_breaks_the_order_nor_says_complete_too_early_nor_outlives_a_count()
    {
        var complete = 0UL;
        Schedule.Any.Sample(
            schedule =>
            {
                var fleet = schedule.Run();
                fleet.Broken.ShouldBeNull();
                Interlocked.Add(ref complete, fleet.CompleteThrough);
            },
            iter: Schedules
        );
        // A fleet that never gets anything done would keep every promise.
        complete.ShouldBeGreaterThan((ulong)Schedules);
    }

    [Fact]
    public void Completes_everything_and_leases_everyone_once_all_is_well_again() =>
        Schedule.Any.Sample(
            schedule =>
            {
                var fleet = schedule.Run();
                for (var node = 0; node < fleet.NodeIds.Count; node++)
                {
                    fleet.Process(node).Paused = false;
                    fleet.Process(node).Recover(fleet.Now);
                }
                fleet.NoticeHead();
                fleet.Advance(TimeSpan.FromSeconds(40), TimeSpan.FromMilliseconds(20));
                fleet.Broken.ShouldBeNull();
                fleet.CompleteThrough.ShouldBe(fleet.Head);
                fleet.Running.ShouldAllBe(process => process.Applied == fleet.Head && process.StateAt(fleet.Now) == LeaseState.Leased);
                fleet.Census.Pops.Length.ShouldBe(schedule.Pops);
                fleet.Census.Shields.Length.ShouldBe(schedule.Shields);
            },
            iter: 200
        );

    [Fact]
    public void Is_caught_when_a_node_is_unfenced_without_the_head() => Catches("G6", new Sabotage { GrantedHead = _ => 0 });

    [Fact]
    public void Is_caught_when_PoPs_are_sent_a_purge_before_shields() => Catches("G3", new Sabotage { SwapTiers = true });

    [Fact]
    public void Is_caught_when_leases_are_counted_as_long_as_they_were_granted() => Catches("", new Sabotage { Count = new LeaseCount(0) });

    [Fact]
    public void Is_caught_when_a_restarted_control_plane_forgets_who_may_hold_a_lease() =>
        Catches("", new Sabotage { ForgetGrants = true });

    [Fact]
    public void Is_caught_when_a_successor_is_believed_without_proof() => Catches("", new Sabotage { BelieveSuccessors = true });

    private static void Catches(string invariant, Sabotage sabotage)
    {
        var found = 0;
        Schedule.Any.Sample(
            schedule =>
            {
                if (schedule.Run(sabotage).Broken is { } broken && broken.StartsWith(invariant, StringComparison.Ordinal))
                    Interlocked.Increment(ref found);
            },
            iter: Schedules / 3
        );
        found.ShouldBeGreaterThan(0);
    }
}
