using System.Net;
using System.Net.Sockets;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Processes;

/// <summary>docs/decisions/goodbye.md against real processes: SIGTERM ends serving first, then the lease, then the process. Grace is five minutes: whoever waits for it is seen.</summary>
public sealed class A_node_is_stopped_in_good_order
{
    private static readonly ProcessFleetOptions LongGrace = new() { Pops = 2, Grace = "5m" };

    [Fact]
    public async Task And_no_purge_waits_for_it_nor_counts_it()
    {
        await using var fleet = await ProcessFleet.StartAsync(LongGrace);
        foreach (var leaving in new[] { fleet.Pops[0], fleet.Shields[0] })
        {
            (await leaving.Process.StopAsync()).Code.ShouldBe(0);
            var listed = (await fleet.ListedAsync(leaving))!;
            listed["healthy"]!.GetValue<bool>().ShouldBeFalse();
            listed["leaving"]!.GetValue<bool>().ShouldBeFalse("it is stopped, not deleted");
        }

        var receipt = await fleet.ReceiptAsync(await fleet.PurgeAsync("All"), "20s");
        receipt["state"]!.GetValue<string>().ShouldBe("complete");
        receipt["jobCount"]!.GetValue<int>().ShouldBe(2, "one PoP, one hostname, two zones");
        receipt["fencedNodes"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task Nor_does_one_after_the_control_plane_was_killed_and_started_again()
    {
        await using var fleet = await ProcessFleet.StartAsync(LongGrace);
        (await fleet.Pops[0].Process.StopAsync()).Code.ShouldBe(0);
        await fleet.Control.KillAsync();
        await fleet.StartControlAsync();
        await fleet.WhenHealthyAsync(fleet.Pops[1], fleet.Shields[0]);
        await fleet.PurgeAndWaitAsync("All");
    }

    [Fact]
    public async Task But_only_once_the_visitor_that_it_was_answering_is_served()
    {
        await using var fleet = await ProcessFleet.StartAsync(LongGrace);
        var pop = fleet.Pops[0];
        var gate = new Gate();
        fleet.Origin.StopsHalfway("half", gate);
        var visit = pop.VisitAsync("/page");
        await gate.Arrived;

        pop.Process.Signal(ParadarumProcess.Terminate);
        await Eventually.Async(() => RefusesAsync(pop), "it takes in nobody any more");
        (await fleet.ListedAsync(pop))!["healthy"]!.GetValue<bool>().ShouldBeTrue("it serves still, and says nothing else");
        pop.Process.HasExited.ShouldBeFalse();

        gate.Open();
        (await visit).Body.ShouldBe("halfhalf");
        (await pop.Process.EndAsync()).Code.ShouldBe(0);
        (await fleet.ListedAsync(pop))!["healthy"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task And_comes_back_as_itself_with_nothing_that_was_purged_meanwhile()
    {
        await using var fleet = await ProcessFleet.StartAsync(LongGrace);
        var pop = fleet.Pops[0];
        fleet.Serves("old");
        await pop.VisitAsync("/page");
        (await pop.Process.StopAsync()).Code.ShouldBe(0);
        fleet.Serves("new");
        await fleet.PurgeAndWaitAsync("Path", "/page");

        pop.Launch();
        await pop.ReadyAsync();
        (await pop.VisitAsync("/page")).Body.ShouldBe("new");
        await fleet.WhenHealthyAsync(pop);
        (await fleet.PurgeAndWaitAsync("All"))["jobCount"]!.GetValue<int>().ShouldBe(6);
    }

    [Fact]
    public async Task Without_a_word_when_the_control_plane_cannot_be_told_and_then_its_grace_is_waited_for()
    {
        await using var fleet = await ProcessFleet.StartAsync(LongGrace);
        fleet.Pops[0].Link.Freeze();
        (await fleet.Pops[0].Process.StopAsync()).Code.ShouldBe(0);
        var purge = await fleet.PurgeAsync("All");
        (await fleet.ReceiptAsync(purge, "2s"))["state"]!.GetValue<string>().ShouldNotBe("complete");
        fleet.Pops[0].Link.Cut();
    }

    private static async Task<bool> RefusesAsync(EdgeProcess edge)
    {
        using var another = new TcpClient();
        try
        {
            await another.ConnectAsync(IPAddress.Loopback, edge.Port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
