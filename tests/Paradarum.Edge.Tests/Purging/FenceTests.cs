using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>Design section 3, "The fence", sentence by sentence, as far as it lies in the node's state.</summary>
public sealed class The_fence
{
    [Fact]
    public void Takes_the_stamp_of_a_fetch_from_the_nodes_own_snapshot()
    {
        using var node = new TestNode();
        node.Purge(TestNode.Rule("Path", "/other"));
        var entry = node.Store("/a");
        (entry.Stamp, entry.Generation).ShouldBe((node.Now.Position, node.Now.Generation));
    }

    [Fact]
    public void Takes_a_registered_fetch_that_has_not_read_its_stamp_for_older_than_everything()
    {
        using var node = new TestNode();
        var fetch = node.Registered("/a");
        node.Purge(TestNode.Rule("Path", "/b"));
        node.Sweeper.SweepAll();
        node.Pending().IsEmpty.ShouldBeFalse();

        fetch.Begin(node.Now.Position, node.Now.Generation);
        node.Finish(fetch, out _).ShouldBe(FenceReason.Fresh);
        node.Sweeper.SweepAll();
        node.Pending().IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData("Path", "/a", null)]
    [InlineData("Regex", "^/a$", "regex")]
    public void Refuses_an_entry_that_was_found_before_a_purge_and_is_judged_after_its_rule_retired(
        string type,
        string value,
        string? matchType
    )
    {
        using var node = new TestNode();
        var found = node.Store("/a");
        node.Purge(TestNode.Rule(type, value, matchType));
        node.Sweeper.SweepAll();
        node.Pending().IsEmpty.ShouldBeTrue();

        node.Test(found).ShouldBe(FenceReason.Removed);
    }

    [Theory]
    [InlineData("All", null, null)]
    [InlineData("Extension", "html", null)]
    [InlineData("Path", "/a.html", null)]
    [InlineData("Path", "/a.html?x=1", null)]
    [InlineData("Regex", "/a.html?x=1", "equals")]
    [InlineData("Regex", "/a", "starts_with")]
    [InlineData("Regex", "x=1", "ends_with")]
    [InlineData("Regex", "html?", "contains")]
    [InlineData("Regex", "^/a", "regex")]
    public void Tests_a_lookup_a_store_and_a_join_against_the_rules_newer_than_the_stamp(string type, string? value, string? matchType)
    {
        using var node = new TestNode();
        node.Store("/a.html?x=1");
        var slow = node.Fetch("/a.html?x=1");
        node.Purge(TestNode.Rule(type, value, matchType));

        node.Look("/a.html?x=1").ShouldBeNull();
        node.Test(slow).ShouldBe(FenceReason.Purged); // not joined
        node.Finish(slow, out var late).ShouldBe(FenceReason.Purged); // not stored
        late.IsRemoved.ShouldBeFalse();
        node.Look("/a.html?x=1").ShouldBeNull();

        var next = node.Store("/a.html?x=1");
        node.Look("/a.html?x=1").ShouldBeSameAs(next);
        node.Sweeper.SweepAll();
        node.Look("/a.html?x=1").ShouldBeSameAs(next);
    }

    [Fact]
    public void Tests_the_stored_response_and_the_fetch_when_a_304_comes()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var revalidation = node.Fetch("/a");
        node.Purge(TestNode.Rule("Path", "/a"));
        node.Test(held).ShouldBe(FenceReason.Purged);
        node.Test(revalidation).ShouldBe(FenceReason.Purged);
        node.Finish(revalidation, out _, held).ShouldBe(FenceReason.Purged);
        node.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void Raises_checked_at_to_the_position_of_the_snapshot_that_was_tested_and_never_lowers_it()
    {
        using var node = new TestNode();
        var entry = node.Store("/a");
        var before = node.Now;
        node.Purge(TestNode.Rule("Path", "/b"));
        node.Test(entry).ShouldBe(FenceReason.Fresh);
        entry.CheckedAt.ShouldBe(node.Now.Position);

        entry.RaiseCheckedAt(before.Position);
        Fence.Test(before, entry).MayBeUsed.ShouldBeTrue();
        entry.CheckedAt.ShouldBe(node.Now.Position);
        entry.CheckedAt.ShouldBeGreaterThanOrEqualTo(node.Pending().Newest); // the next hit is one comparison
    }

    [Fact]
    public void Keeps_a_rule_until_no_fetch_in_flight_is_older()
    {
        using var node = new TestNode();
        var slow = node.Fetch("/a");
        var purge = node.Purge(TestNode.Rule("Regex", "^/a"), TestNode.Rule("Path", "/b"));
        var later = node.Fetch("/c");
        node.Sweeper.SweepAll();
        node.Pending().Newest.ShouldBe(purge);
        node.Index.Release(slow);
        node.Sweeper.SweepAll();
        node.Pending().IsEmpty.ShouldBeTrue();
        node.Test(later).ShouldBe(FenceReason.Fresh);
    }

    [Fact]
    public void Neither_joins_nor_stores_a_fetch_older_than_the_kept_horizon()
    {
        using var node = new TestNode();
        var slow = node.Fetch("/slow");
        var held = node.Store("/held");
        for (var i = 0; i <= Retirement.MostWaitingForFetches; i++)
            node.Purge(TestNode.Rule("Path", $"/p{i}"));
        node.Sweeper.SweepAll();

        node.Pending().IsEmpty.ShouldBeTrue();
        node.Test(slow).ShouldBe(FenceReason.BehindHorizon);
        node.Finish(slow, out _).ShouldBe(FenceReason.BehindHorizon);
        node.Look("/slow").ShouldBeNull();
        node.Look("/held").ShouldBeSameAs(held);
        node.Look("/slow").ShouldBeNull();
        node.Look(node.Store("/slow").Key.Target.Path).ShouldNotBeNull();
    }

    [Fact]
    public void Serves_joins_and_stores_nothing_of_another_generation()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var fetch = node.Fetch("/b");
        node.State.DropAll();
        held.IsRemoved.ShouldBeTrue();
        node.Test(held).ShouldBe(FenceReason.OtherGeneration);
        node.Test(fetch).ShouldBe(FenceReason.OtherGeneration);
        (node.Now.Position, node.Now.Epoch).ShouldBe((0UL, ""));

        node.State.Replace(
            "other",
            500,
            new byte[32],
            [
                new PropertySnapshot
                {
                    PropertyId = TestNode.Property,
                    Property = node.Body(TestNode.Host),
                    LastPurge = 3,
                    LastConfiguration = 4,
                },
            ]
        );
        node.Finish(fetch, out var late).ShouldBe(FenceReason.OtherGeneration);
        node.Index.Count.ShouldBe(0);
        node.Look("/b").ShouldBeNull();
        late.Generation.ShouldNotBe(node.Now.Generation);
        var property = node.Now.Properties[TestNode.Property];
        (node.Now.Epoch, node.Now.Position, property.LastPurge, property.LastConfiguration).ShouldBe(("other", 500UL, 3UL, 4UL));
        node.Look(node.Store("/b").Key.Target.Path).ShouldNotBeNull();
    }

    [Fact]
    public void Lets_no_GET_in_flight_store_after_an_unsafe_method_and_touches_no_other_property()
    {
        using var node = new TestNode();
        node.Configure(8, "other.example");
        var held = node.Store("/a");
        var inFlight = node.Fetch("/a");
        var foreign = node.Store("/a", property: 8, host: "other.example");
        var neighbour = node.Store("/a?x");

        node.Index.Invalidate(TestNode.Property, held.Key.Host, held.Key.Target.Path, held.Key.Target).ShouldBe(1);
        held.IsRemoved.ShouldBeTrue();
        node.Test(inFlight).ShouldBe(FenceReason.Invalidated);
        node.Finish(inFlight, out _).ShouldBe(FenceReason.Invalidated);
        (foreign.IsRemoved, neighbour.IsRemoved).ShouldBe((false, false));

        var after = node.Fetch("/a");
        node.Finish(after, out var next).ShouldBe(FenceReason.Fresh);
        node.Look("/a").ShouldBeSameAs(next);
    }

    [Fact]
    public void Refuses_an_insertion_that_an_invalidation_overtook()
    {
        using var node = new TestNode();
        var fetch = node.Fetch("/a");
        Fence.Test(node.Now, fetch).MayBeUsed.ShouldBeTrue();
        node.Index.Invalidate(TestNode.Property, fetch.Key.Host, fetch.Key.Target.Path, fetch.Key.Target);
        node.Index.Add(fetch, new TestEntry(fetch)).ShouldBeFalse();
        node.Index.Count.ShouldBe(0);
    }

    [Fact]
    public void Serves_nothing_of_a_property_that_was_removed_even_when_it_comes_back()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var fetch = node.Fetch("/a");
        node.Apply(new RecordPayload { PropertyId = TestNode.Property, PropertyRemoved = new PropertyRemoved() });
        node.Test(held).ShouldBe(FenceReason.UnknownProperty);
        node.Now.Hosts.ShouldBeEmpty();

        node.Configure(TestNode.Property, TestNode.Host);
        node.Test(held).ShouldBe(FenceReason.Purged);
        node.Finish(fetch, out _).ShouldBe(FenceReason.Purged);
        node.Sweeper.SweepAll();
        held.IsRemoved.ShouldBeTrue();
    }

    [Fact]
    public void Serves_nothing_under_a_hostname_that_moved_to_another_property()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var fetch = node.Fetch("/b");
        node.Configure(TestNode.Property);
        node.Configure(8, TestNode.Host);
        node.Test(held).ShouldBe(FenceReason.OtherProperty);
        node.Finish(fetch, out _).ShouldBe(FenceReason.OtherProperty);
        node.Now.Hosts[TestNode.Host].PropertyId.ShouldBe(8);
        node.Look("/a", property: 8).ShouldBeNull();
    }

    [Fact]
    public void Never_touches_another_property()
    {
        using var node = new TestNode();
        node.Configure(8, "other.example");
        var foreign = node.Store("/a", property: 8, host: "other.example");
        var own = node.Store("/a");
        node.Purge(TestNode.Rule("All"), TestNode.Rule("Path", "/a"), TestNode.Rule("Regex", "a"));
        node.Sweeper.SweepAll();
        own.IsRemoved.ShouldBeTrue();
        node.Look("/a", property: 8, host: "other.example").ShouldBeSameAs(foreign);
    }

    [Fact]
    public void Costs_a_hit_with_nothing_pending_no_memory()
    {
        using var node = new TestNode();
        var entry = node.Store("/a?x=1");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fresh = 0;
        for (var i = 0; i < 1000; i++)
        {
            foreach (var variant in node.Index.Find(TestNode.Property, entry.Key)!.Variants)
                fresh += Fence.Test(node.Now, variant).MayBeUsed ? 1 : 0;
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        fresh.ShouldBe(1000);
    }
}
