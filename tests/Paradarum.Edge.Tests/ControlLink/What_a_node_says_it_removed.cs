using Paradarum.Edge.ControlLink;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Tests.ControlLink;

/// <summary>Figures of purges over streams that break (contract part 2: counts may grow until countsFinal, and are true then).</summary>
public sealed class What_a_node_says_it_removed
{
    [Fact]
    public void Is_said_again_on_a_new_stream_unless_it_is_long_known_to_have_been_heard()
    {
        var recent = new RecentCounts();
        recent.Remember(Counts(1, 10_000));
        recent.SayAgain().Count.ShouldBe(10_000, "none of it is known to have been heard");

        recent.Beaten(1);
        recent.Remember(Counts(10_001, 10_005));
        recent.Heard(1);
        var again = recent.SayAgain().Select(count => count.Position).ToList();

        again.ShouldBe(
            Positions(10_000 - 4096 + 1, 10_005),
            "the newest that were heard, since the control plane may crash, and all the others"
        );
        recent.FinalAtMost.ShouldBe(ulong.MaxValue, "nothing was lost");
    }

    [Fact]
    public void Is_heard_only_by_an_answer_on_the_stream_on_which_it_was_said()
    {
        var recent = new RecentCounts(mostUnheard: 3);
        recent.Remember(Counts(1, 3));
        recent.Beaten(1);

        // The stream breaks. On the next one a heartbeat goes out before anything is said again, and is answered.
        recent.Opened();
        recent.Beaten(1);
        recent.Heard(1);
        recent.Remember(Counts(4, 4));

        recent.FinalAtMost.ShouldBe(0UL, "position 1 may never have been heard");
    }

    [Fact]
    public void Is_not_heard_when_it_grew_after_the_heartbeat()
    {
        var recent = new RecentCounts(mostUnheard: 1);
        recent.Remember(Counts(7, 7));
        recent.Beaten(1);
        recent.Remember(Counts(7, 7));
        recent.Heard(1);
        recent.Remember(Counts(8, 8));

        recent.FinalAtMost.ShouldBe(6UL);
    }

    [Fact]
    public void Is_called_final_no_further_than_the_first_that_was_lost()
    {
        using var node = new Purging.TestNode();
        var recent = new RecentCounts(mostUnheard: 2);
        var acknowledgements = new Acknowledgements(node.State, recent);
        var first = 0UL;
        for (var n = 0; n < 4; n++)
        {
            node.Store($"/{n}");
            var position = node.Purge(Purging.TestNode.Rule("Path", $"/{n}"));
            first = first == 0 ? position : first;
        }
        node.Sweeper.SweepAll();

        var said = acknowledgements.Of(node.Now.Position, new byte[32]).Ack;

        said.Counts.Select(count => count.Position).ShouldBe([first + 2, first + 3]);
        said.FinalThrough.ShouldBe(first - 1, "of the four the first two were lost: nothing from the first on is called final");
        // And it stays so: what comes later is not called final either.
        node.Purge(Purging.TestNode.Rule("Path", "/other"));
        node.Sweeper.SweepAll();
        acknowledgements.Of(node.Now.Position, new byte[32]).Ack.FinalThrough.ShouldBe(first - 1);
    }

    private static IEnumerable<PurgeCount> Counts(int from, int through) =>
        Positions(from, through).Select(position => new PurgeCount { Position = position, Objects = 1 });

    private static IEnumerable<ulong> Positions(int from, int through) => Enumerable.Range(from, through - from + 1).Select(n => (ulong)n);
}
