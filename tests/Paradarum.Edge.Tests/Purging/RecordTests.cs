using Google.Protobuf;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>Design section 2: what a node makes of records, those it does not understand included.</summary>
public sealed class A_record
{
    [Fact]
    public void Is_in_force_when_apply_returns_and_all_records_of_a_call_come_at_once()
    {
        using var node = new TestNode();
        node.Store("/a");
        node.Store("/b");
        var before = node.Now;
        var last = node.Apply(
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/a")),
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/b"))
        );
        node.Now.Position.ShouldBe(before.Position + 2);
        node.Now.Properties[TestNode.Property].LastPurge.ShouldBe(last);
        node.Now.Properties[TestNode.Property].LastConfiguration.ShouldBe(before.Properties[TestNode.Property].LastConfiguration);
        (node.Look("/a"), node.Look("/b")).ShouldBe((null, null));
    }

    [Fact]
    public void Means_the_same_alone_and_among_others_of_one_call()
    {
        RecordPayload[] records =
        [
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/a"), TestNode.Rule("Regex", "/b?x", "equals")),
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/c?x"), TestNode.Rule("Extension", "png")),
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/a"), TestNode.Rule("Regex", "/d", "starts_with")),
            TestNode.PurgeOf(8, TestNode.Rule("Path", "/a")),
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("All"), TestNode.Rule("Path", "/f")),
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/e"), TestNode.Rule("Extension", "css")),
        ];
        string[] urls = ["/a", "/b?x", "/c?x", "/c?y", "/p.png", "/d/1", "/e", "/s.css", "/kept"];
        for (var some = 1; some <= records.Length; some++)
        {
            using var all = new TestNode();
            using var each = new TestNode();
            foreach (var node in new[] { all, each })
            {
                node.Configure(8, "other.cdn.localhost");
                foreach (var url in urls)
                {
                    node.Store(url);
                    node.Store(url, 8, "other.cdn.localhost");
                }
            }
            all.Apply(records[..some]);
            foreach (var record in records[..some])
                each.Apply(record);

            all.Now.Position.ShouldBe(each.Now.Position);
            foreach (var (property, host) in new[] { (TestNode.Property, TestNode.Host), (8L, "other.cdn.localhost") })
            {
                all.Now.Properties[property].LastPurge.ShouldBe(each.Now.Properties[property].LastPurge);
                all.Pending(property).Newest.ShouldBe(each.Pending(property).Newest);
                all.Pending(property).Load.ShouldBe(each.Pending(property).Load);
                foreach (var url in urls)
                    (all.Look(url, property, host) is null).ShouldBe(each.Look(url, property, host) is null, $"{url} after {some}");
            }
            all.Sweeper.SweepAll();
            each.Sweeper.SweepAll();
            // What two purges match counts for the one that found it: which one that was differs, how many there were does not.
            all.State.TakeCounts().Sum(count => count.Objects).ShouldBe(each.State.TakeCounts().Sum(count => count.Objects));
        }
    }

    [Fact]
    public void Of_a_property_that_goes_and_comes_back_in_one_call_starts_anew()
    {
        using var node = new TestNode();
        node.Store("/a");
        node.Store("/b");
        var last = node.Apply(
            TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Path", "/a")),
            new RecordPayload { PropertyId = TestNode.Property, PropertyRemoved = new PropertyRemoved() },
            new RecordPayload { PropertyId = TestNode.Property, Property = node.Body(TestNode.Host) }
        );

        node.Now.Properties[TestNode.Property].LastPurge.ShouldBe(0ul);
        node.Now.Properties[TestNode.Property].LastConfiguration.ShouldBe(last);
        (node.Look("/a"), node.Look("/b")).ShouldBe((null, null));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void That_leaves_a_gap_or_comes_again_is_refused_and_changes_nothing(int ahead)
    {
        using var node = new TestNode();
        var before = node.Now;
        var record = new LogRecord(before.Position + (ulong)ahead, new byte[32], TestNode.PurgeOf(TestNode.Property).ToByteArray());
        Should.Throw<InvalidOperationException>(() => node.State.Apply([record]));
        node.Now.ShouldBeSameAs(before);
    }

    [Fact]
    public void For_another_node_only_advances()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var payload = TestNode.PurgeOf(TestNode.Property, TestNode.Rule("All"));
        payload.Purge.OnlyNode = "n2";
        var position = node.Apply(payload);
        node.Look("/a").ShouldBeSameAs(held);
        node.Now.Properties[TestNode.Property].LastPurge.ShouldBe(position);
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldBeEmpty();

        payload.Purge.OnlyNode = "n1";
        node.Apply(payload);
        node.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void With_a_rule_of_a_later_version_purges_all_of_the_property_and_says_so()
    {
        using var node = new TestNode();
        node.Store("/a");
        var payload = TestNode.PurgeOf(TestNode.Property);
        payload.Purge.Rules.Add(new RuleMessage { Kind = (RuleKind)99, Value = "tag" });
        var position = node.Apply(payload);
        node.Look("/a").ShouldBeNull();
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldHaveSingleItem().ShouldBe(Count(position, objects: 1, widened: true));
    }

    [Fact]
    public void That_purges_in_a_way_of_a_later_version_purges_all_of_the_property()
    {
        using var node = new TestNode();
        node.Configure(8, "other.example");
        node.Store("/a");
        var foreign = node.Store("/a", property: 8, host: "other.example");
        var position = node.Apply(new RecordPayload { PropertyId = TestNode.Property, Purges = true });
        node.Look("/a").ShouldBeNull();
        node.Look("/a", 8, "other.example").ShouldBeSameAs(foreign);
        node.State.TakeCounts().ShouldHaveSingleItem().ShouldBe(Count(position, widened: true, final: false));

        node.Apply(new RecordPayload { PropertyId = 0, Purges = true });
        node.Look("/a", 8, "other.example").ShouldBeNull();
    }

    [Fact]
    public void That_configures_in_a_way_of_a_later_version_puts_its_property_on_pass_through_for_good()
    {
        using var node = new TestNode();
        node.Configure(8, "other.example");
        var held = node.Store("/a");
        var foreign = node.Store("/a", property: 8, host: "other.example");
        var position = node.Apply(new RecordPayload { PropertyId = TestNode.Property });
        node.Test(held).ShouldBe(FenceReason.PassThrough);
        node.Finish(node.Fetch("/b"), out _).ShouldBe(FenceReason.PassThrough);
        node.Test(foreign).ShouldBe(FenceReason.Fresh);
        node.Now.Properties[TestNode.Property].LastConfiguration.ShouldBe(position);

        node.Configure(TestNode.Property, TestNode.Host);
        node.Now.Properties[TestNode.Property].PassThrough.ShouldBeTrue();
    }

    [Fact]
    public void That_names_no_property_and_is_not_understood_puts_all_on_pass_through_even_after_a_snapshot()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        node.Apply(new RecordPayload { PropertyId = 0 });
        node.Test(held).ShouldBe(FenceReason.PassThrough);
        node.State.Replace("epoch", 900, new byte[32], [new PropertySnapshot { PropertyId = 7, Property = node.Body(TestNode.Host) }]);
        node.Finish(node.Fetch("/b"), out _).ShouldBe(FenceReason.PassThrough);
    }

    [Fact]
    public void That_cannot_be_read_at_all_purges_everything()
    {
        using var node = new TestNode();
        node.Store("/a");
        node.State.Apply([new LogRecord(node.Now.Position + 1, new byte[32], new byte[] { 0xff, 0xff, 0xff })]);
        node.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void With_a_choice_of_a_later_version_passes_through_until_one_that_is_known()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var body = node.Body(TestNode.Host);
        body.QueryMode.Kind = (QueryModeKind)99;
        node.Apply(new RecordPayload { PropertyId = TestNode.Property, Property = body });
        node.Test(held).ShouldBe(FenceReason.PassThrough);
        node.Now.PassingThrough.ShouldBe(1);

        node.Configure(TestNode.Property, TestNode.Host);
        node.Now.Properties[TestNode.Property].PassThrough.ShouldBeFalse("it replaces all of the former one");
        node.Now.PassingThrough.ShouldBe(0);
    }

    [Fact]
    public void Of_a_configuration_with_a_field_of_a_later_version_is_followed_and_passes_through()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var body = node.Body(TestNode.Host);
        body.Hostnames.Add(new HostnameMessage { Name = "new.example", Active = true });
        node.Apply(new RecordPayload { PropertyId = TestNode.Property, Property = PropertyBody.Parser.ParseFrom(WithLaterField(body)) });
        node.Test(held).ShouldBe(FenceReason.PassThrough);
        node.Now.Hosts["new.example"].PropertyId.ShouldBe(TestNode.Property, "what is known of it counts");

        var snapshot = new PropertySnapshot { PropertyId = TestNode.Property, Property = node.Body(TestNode.Host) };
        node.State.Replace("epoch", 900, new byte[32], [PropertySnapshot.Parser.ParseFrom(WithLaterField(snapshot))]);
        node.Now.Properties[TestNode.Property].PassThrough.ShouldBeTrue("also when it comes in a snapshot");
    }

    [Fact]
    public void Of_a_purge_with_a_field_of_a_later_version_purges_all_of_the_property()
    {
        using var node = new TestNode();
        node.Store("/a");
        var payload = TestNode.PurgeOf(TestNode.Property);
        payload.Purge.Rules.Add(RuleMessage.Parser.ParseFrom(WithLaterField(new RuleMessage { Kind = RuleKind.Path, Value = "/b" })));
        var position = node.Apply(payload);
        node.Look("/a").ShouldBeNull();
        node.State.TakeCounts().ShouldHaveSingleItem().Widened.ShouldBeTrue();
        node.Now.Properties[TestNode.Property].LastPurge.ShouldBe(position);
    }

    /// <summary>Field 50, which no version has: a text of two bytes.</summary>
    private static byte[] WithLaterField(IMessage message) => [.. message.ToByteArray(), 0x92, 0x03, 0x02, (byte)'n', (byte)'w'];

    internal static PurgeCount Count(ulong position, long objects = 0, bool widened = false, bool final = true) =>
        new()
        {
            Position = position,
            Objects = objects,
            Bytes = objects * 1000,
            ReclaimedObjects = objects,
            ReclaimedBytes = objects * 1000,
            Widened = widened,
            Final = final,
        };
}

/// <summary>Contract part 2: what a node reports for receipts.</summary>
public sealed class The_counts_of_a_purge
{
    [Fact]
    public void Grow_until_they_are_final_and_are_taken_once()
    {
        using var node = new TestNode();
        var slow = node.Fetch("/slow");
        node.Store("/a");
        node.Store("/a?x");
        node.Store("/b");
        var path = node.Purge(TestNode.Rule("Path", "/a"));
        var prefix = node.Purge(TestNode.Rule("Regex", "/b", "starts_with"));
        node.State.TakeCounts().ShouldBe([A_record.Count(path, objects: 2, final: false)]);
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldBe([A_record.Count(prefix, objects: 1, final: false)]);
        node.State.TakeCounts().ShouldBeEmpty();

        node.Index.Release(slow);
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldBe([A_record.Count(path, objects: 2), A_record.Count(prefix, objects: 1)]);
        node.State.TakeCounts().ShouldBeEmpty();
    }

    [Fact]
    public void Of_nothing_are_final_without_a_word_of_their_own()
    {
        using var node = new TestNode();
        var position = node.Purge(TestNode.Rule("All"));
        node.State.TakeCounts(out var finalThrough).ShouldBeEmpty();
        finalThrough.ShouldBe(position - 1);

        node.Sweeper.SweepAll();
        node.State.TakeCounts(out finalThrough).ShouldBeEmpty();
        finalThrough.ShouldBeGreaterThanOrEqualTo(position);
    }

    [Fact]
    public void Of_nothing_are_told_one_by_one_when_an_older_purge_is_still_counted()
    {
        using var node = new TestNode();
        node.Configure(8, "other.cdn.localhost");
        node.Sweeper.SweepAll();
        node.State.TakeCounts();
        var slow = node.Fetch("/slow");
        var waits = node.Purge(TestNode.Rule("All"));
        var done = node.Apply(TestNode.PurgeOf(8, TestNode.Rule("All")));
        node.Sweeper.SweepAll();

        node.State.TakeCounts(out var finalThrough).ShouldBe([A_record.Count(done)]);
        finalThrough.ShouldBe(waits - 1);
        node.Finish(slow, out _);
    }

    [Fact]
    public void Count_an_entry_that_a_visitor_found_purged_once()
    {
        using var node = new TestNode();
        var held = node.Store("/a");
        var position = node.Purge(TestNode.Rule("All"));
        var verdict = Fence.Test(node.Now, held);
        node.State.Remove(held, verdict);
        node.State.Remove(held, verdict);
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldBe([A_record.Count(position, objects: 1)]);
        held.TimesRemoved.ShouldBe(1);
    }

    [Fact]
    public void Go_to_the_first_of_several_purges_of_everything()
    {
        using var node = new TestNode();
        node.Store("/a");
        var first = node.Purge(TestNode.Rule("All"));
        node.Store("/b");
        var second = node.Purge(TestNode.Rule("All"));
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldBe([A_record.Count(first, objects: 1), A_record.Count(second, objects: 1)]);
    }
}
