using Paradarum.Protocol.Link;

namespace Paradarum.Edge.Tests.Purging;

public sealed class A_sweep_that_is_overtaken
{
    /// <summary>The positions of the log that it swept are higher than those of the one that took its place (G6).</summary>
    [Fact]
    public void By_another_log_retires_none_of_its_rules()
    {
        using var node = new TestNode();
        node.Store("/old");
        for (var purge = 0; purge < 50; purge++)
            node.Purge(TestNode.Rule("Path", $"/other{purge}"));
        node.Purge(TestNode.Rule("Regex", "old", "contains"));
        var overtaken = false;
        node.Index.EntryRemoved = _ =>
        {
            if (overtaken)
                return;
            // In the middle of the sweep: a restored backup, and in its log a page that is stored and purged.
            overtaken = true;
            node.State.Replace("another epoch", 90, new byte[32], []);
            node.Configure(TestNode.Property, TestNode.Host);
            node.Store("/new");
            node.Purge(TestNode.Rule("Regex", "new", "contains"));
        };

        node.Sweeper.SweepAll();

        overtaken.ShouldBeTrue();
        node.Look("/new").ShouldBeNull();
        node.Sweeper.SweepAll();
        node.Look("/new").ShouldBeNull();
    }

    [Fact]
    public void By_the_end_of_its_property_leaves_no_purge_open()
    {
        using var node = new TestNode();
        node.Configure(8, "other.cdn.localhost");
        node.Sweeper.SweepAll();
        node.State.TakeCounts();

        node.Apply(
            TestNode.PurgeOf(8, TestNode.Rule("All")),
            new RecordPayload { PropertyId = 8, PropertyRemoved = new PropertyRemoved() }
        );
        node.Purge(TestNode.Rule("Path", "/page"));
        node.Sweeper.SweepAll();

        node.State.TakeCounts(out var finalThrough);
        finalThrough.ShouldBeGreaterThanOrEqualTo(node.Now.Position, "nobody waits for what sweeps nothing any more");
    }
}
