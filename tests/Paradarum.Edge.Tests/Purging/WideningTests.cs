using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>Design section 4: what is too expensive is widened to All of its property. Too much is safe, too little is not.</summary>
public sealed class A_rule_that_costs_too_much
{
    private static readonly string LongUrl = "/" + string.Concat(Enumerable.Repeat("ab", 990)) + "!";

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("([ab]+)+$")]
    [InlineData("[ab]*a[ab]{900}$")]
    [InlineData("(?:[ab]|[a-c])*x\\d")]
    [InlineData("(.*)*(.*)*(.*)*z\\b")]
    public void Stays_within_its_budget_on_long_urls_and_is_then_widened(string pattern)
    {
        using var node = new TestNode();
        for (var i = 0; i < 300; i++)
            node.Store($"{LongUrl}{i}");
        var position = node.Purge(TestNode.Rule("Regex", pattern));

        var started = ThreadClock.Now;
        node.Sweeper.SweepAll();
        node.Sweeper.SweepAll();
        // 50 ms for the pattern, a last text of 1 ms, and room for a machine with other work.
        (ThreadClock.Now - started).ShouldBeLessThan(TimeSpan.FromSeconds(2));
        node.Pending().IsEmpty.ShouldBeTrue();
        node.State.TakeCounts(out var finalThrough).ShouldAllBe(count => count.Position == position && count.Final);
        finalThrough.ShouldBeGreaterThanOrEqualTo(position);
    }

    [Fact]
    public void Is_widened_at_its_own_position_with_all_that_is_older_and_says_so()
    {
        using var node = new TestNode();
        var held = Enumerable.Range(0, 200).Select(i => node.Store($"{LongUrl}{i}")).ToList();
        var slow = node.Fetch("/slow"); // keeps the rules pending
        var older = node.Purge(TestNode.Rule("Regex", "/nothing", "contains"));
        var hostile = node.Purge(TestNode.Rule("Regex", "([ab]+)+$"));
        var between = node.Store("/untouched");
        var newer = node.Purge(TestNode.Rule("Regex", "/nothing", "starts_with"));

        node.Sweeper.SweepAll();
        node.Sweeper.SweepAll();
        held.ShouldAllBe(entry => entry.IsRemoved);
        node.Look("/untouched").ShouldBeSameAs(between);
        node.Test(slow).ShouldBe(FenceReason.Purged);
        var counts = node.State.TakeCounts();
        counts.Where(count => count.Widened).Select(count => count.Position).ShouldBe([older, hostile]);
        node.Pending().Newest.ShouldBe(newer);
        node.Pending().Load.Patterns.ShouldBe(0);
    }

    [Fact]
    public void Of_200_in_one_batch_leaves_another_property_its_speed()
    {
        using var node = new TestNode();
        node.Configure(8, "other.example");
        var foreign = node.Store("/a", property: 8, host: "other.example");
        for (var i = 0; i < 200; i++)
            node.Store($"{LongUrl}{i}");
        node.Purge([.. Enumerable.Range(0, 200).Select(i => TestNode.Rule("Regex", $"([ab]+)+{i}?$"))]);

        var started = ThreadClock.Now;
        node.Sweeper.SweepAll();
        node.Sweeper.SweepAll();
        (ThreadClock.Now - started).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        node.Pending().IsEmpty.ShouldBeTrue();
        foreign.CheckedAt.ShouldBe(foreign.Stamp); // nothing was even tested
        node.Look("/a", 8, "other.example").ShouldBeSameAs(foreign);
    }

    [Fact]
    public void On_one_single_url_counts_as_a_match_there_and_is_widened()
    {
        using var node = new TestNode();
        node.Store("/" + new string('a', 1998) + "!");
        node.Store("/b");
        var position = node.Purge(TestNode.Rule("Regex", "(a+)+$"));

        node.Sweeper.SweepAll();
        node.Sweeper.SweepAll();
        var count = node.State.TakeCounts().ShouldHaveSingleItem();
        count.ShouldBe(A_record.Count(position, objects: count.Objects, widened: true));
        node.Look("/" + new string('a', 1998) + "!").ShouldBeNull();
        count.Objects.ShouldBeGreaterThanOrEqualTo(1); // what was tested before the pattern ran past its time, and did not match, may stay
    }

    [Fact]
    public void Together_with_the_propertys_others_has_a_tenth_of_a_core_in_the_long_run()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var exceeded = 0;
        var budget = new PatternBudget(() => 0, () => exceeded++, time);
        var cheap = TimeSpan.FromMilliseconds(10);
        for (var spent = TimeSpan.Zero; spent < PatternBudget.Fixed * PatternBudget.TogetherTimes; spent += cheap)
            budget.Book(cheap, cheap).ShouldBeTrue();

        budget.Book(cheap, cheap).ShouldBeFalse();
        budget.IsSpent.ShouldBeTrue();
        time.Advance(cheap * PatternBudget.GivenBackOneIn);
        budget.IsSpent.ShouldBeFalse();
        budget.Book(cheap, cheap).ShouldBeFalse();
        exceeded.ShouldBe(0); // whoever ran the pattern says so
    }

    [Fact]
    public void Is_not_a_cheap_one_that_runs_for_the_first_time()
    {
        using var node = new TestNode();
        var held = node.Store(LongUrl);
        node.Purge(TestNode.Rule("Regex", "^/(?<year>[0-9]{4})/(?:[a-z]+-)*(?i:news)$"));
        node.Look(LongUrl).ShouldBeSameAs(held);
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldNotContain(count => count.Widened);
    }

    [Fact]
    public void Because_it_does_not_build_matches_everything_and_is_widened()
    {
        using var node = new TestNode();
        node.Store("/a");
        var payload = TestNode.PurgeOf(TestNode.Property);
        payload.Purge.Rules.Add(new RuleMessage { Kind = RuleKind.Regex, Value = "(" });
        var position = node.Apply(payload);
        node.Look("/a").ShouldBeNull();
        node.Sweeper.SweepAll();
        node.State.TakeCounts().ShouldHaveSingleItem().ShouldBe(A_record.Count(position, objects: 1, widened: true));
    }

    [Fact]
    public void Together_with_too_many_others_is_widened_at_the_newest_position()
    {
        using var node = new TestNode();
        node.Fetch("/slow"); // keeps the rules pending
        var held = node.Store("/a");
        var rules = Enumerable.Range(0, 10_000).Select(i => TestNode.Rule("Regex", $"/nothing/{i}/", "starts_with")).ToArray();
        for (var i = 0; i < RuleLoad.MostLiterals / rules.Length; i++)
            node.Purge([.. rules.Select(rule => TestNode.Rule("Regex", $"/n{i}{rule.Value}", "starts_with"))]);
        node.Look("/a").ShouldBeSameAs(held);
        node.Pending().Load.Literals.ShouldBe(RuleLoad.MostLiterals);

        var last = node.Purge(TestNode.Rule("Path", "/b"));
        node.Look("/a").ShouldBeNull();
        node.Pending().Load.Rules.ShouldBe(0);
        node.Pending().IsAllAt(last).ShouldBeTrue();
        node.State.TakeCounts().Count(count => count.Widened).ShouldBe(21);
    }

    [Fact]
    public void Is_not_a_burst_of_100_000_literals_one_after_another()
    {
        using var node = new TestNode();
        node.Fetch("/slow"); // keeps the rules pending
        var held = node.Store("/some/path/that/stays.html?x=1");
        string[] matchTypes = ["starts_with", "ends_with", "contains", "equals"];
        var payloads = Enumerable
            .Range(0, 100_000)
            .Select(i => TestNode.PurgeOf(TestNode.Property, TestNode.Rule("Regex", $"/n{i}/", matchTypes[i % 4])))
            .ToArray();

        var started = ThreadClock.Now;
        foreach (var chunk in payloads.Chunk(10))
            node.Apply(chunk);
        var applied = ThreadClock.Now - started;
        applied.ShouldBeLessThan(TimeSpan.FromSeconds(20)); // quadratic growth takes many minutes
        node.Look("/some/path/that/stays.html?x=1").ShouldBeSameAs(held);
        node.Pending().Load.Literals.ShouldBe(100_000);

        started = ThreadClock.Now;
        for (var i = 0; i < 1000; i++)
            node.Pending().FindMatch(held, node.Now.Position - 100_000).Position.ShouldBe(0UL);
        ((ThreadClock.Now - started) / 1000).ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
        TestContext.Current.SendDiagnosticMessage($"100 000 literals applied in {applied.TotalMilliseconds:F0} ms");
    }
}
