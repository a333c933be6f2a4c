using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>Contract part 2, near misses, on the node: what was probably meant, and no more time than was given.</summary>
public sealed class A_purge_that_matched_nothing
{
    [Theory]
    [InlineData("Path", "/about", null, "/about/", "stored with a trailing slash")]
    [InlineData("Path", "/about/", null, "/about", "stored without the trailing slash")]
    [InlineData("Path", "/About", null, "/about", "stored in another case")]
    [InlineData("Path", "/logo.jpg", null, "/logo.png", "stored with another extension, or without")]
    [InlineData("Path", "/logo", null, "/logo.png", "stored with another extension, or without")]
    [InlineData("Path", "/a?x=1", null, "/a?x=2", "stored with another query")]
    [InlineData("Path", "/caf%25C3%25A9", null, "/caf%C3%A9", "stored in another encoding, case or with another trailing slash")]
    [InlineData("Path", "/Caf%25C3%25A9/", null, "/caf%C3%A9", "stored in another encoding, case or with another trailing slash")]
    [InlineData("Extension", "jpeg", null, "/photo.jpg", "stored with a similar extension")]
    [InlineData("Regex", "/NEWS", "contains", "/news", "stored in another case or encoding")]
    [InlineData("Regex", "news/", "starts_with", "/news/today", "stored with another slash at the beginning or end")]
    [InlineData("Regex", "/today/", "ends_with", "/news/today", "stored with another slash at the beginning or end")]
    [InlineData("Regex", "^/NEWS$", null, "/news", "stored in another case")]
    public void Was_probably_meant_for_what_differs_in_one_thing(string type, string value, string? matchType, string stored, string hint)
    {
        using var node = new TestNode();
        node.Store(stored);
        node.Store("/something/else.css");

        var answer = Ask(node, TestNode.Rule(type, value, matchType), TimeProvider.System);

        answer.NearMisses.ShouldHaveSingleItem().ShouldBe(new NearMissMessage { Path = stored, Hint = hint });
        answer.GaveUp.ShouldBeFalse();
    }

    [Theory]
    [InlineData("/about", "/contact")]
    [InlineData("/a", "/a/b")]
    [InlineData("/logo.png", "/logo2.png")]
    [InlineData("/", "/index.html")]
    [InlineData("/a.css", "/b.css")]
    public void Was_not_meant_for_what_is_something_else(string value, string stored)
    {
        using var node = new TestNode();
        node.Store(stored);
        Ask(node, TestNode.Rule("Path", value), TimeProvider.System).NearMisses.ShouldBeEmpty();
    }

    [Fact]
    public void Was_meant_for_at_most_as_many_as_were_asked_for()
    {
        using var node = new TestNode();
        for (var n = 0; n < 12; n++)
            node.Store($"/logo.{n}");
        Ask(node, TestNode.Rule("Path", "/logo.png"), TimeProvider.System).NearMisses.Count.ShouldBe(5);
    }

    [Fact]
    public void Was_not_meant_for_what_another_purge_has_taken()
    {
        using var node = new TestNode();
        node.Store("/about/");
        node.Purge(TestNode.Rule("All")); // not swept yet
        Ask(node, TestNode.Rule("Path", "/about"), TimeProvider.System).NearMisses.ShouldBeEmpty();
    }

    [Fact]
    public void Was_a_batch_of_which_the_first_twenty_are_looked_at()
    {
        using var node = new TestNode();
        node.Store("/20/");
        node.Store("/21/");
        var batch = Enumerable.Range(1, 21).Select(n => TestNode.Rule("Path", $"/{n}")).ToArray();
        Ask(node, TimeProvider.System, batch).NearMisses.ShouldHaveSingleItem().Path.ShouldBe("/20/");
    }

    [Fact]
    public void Is_looked_at_for_no_longer_than_its_budget_whatever_is_stored()
    {
        using var node = new TestNode();
        for (var n = 0; n < 20_000; n++)
            node.Store($"/{n}.css");
        var clock = new StepClock(TimeSpan.FromMilliseconds(10));

        var answer = Ask(node, TestNode.Rule("Path", "/19999"), clock);

        // A look at the clock comes every 256 entries: after the budget of 100 ms it is over, with 2 816 of 20 000 seen.
        answer.GaveUp.ShouldBeTrue();
        clock.Now.ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(130));
    }

    private static StoreAnswer Ask(TestNode node, PurgeRule rule, TimeProvider time) => Ask(node, time, rule);

    private static StoreAnswer Ask(TestNode node, TimeProvider time, params PurgeRule[] rules) =>
        new StoreQuestions(node.State, time).Ask(
            new StoreQuestion
            {
                Id = 1,
                PropertyId = TestNode.Property,
                NearMisses = true,
                BudgetMilliseconds = 100,
                Most = 5,
                Rules = { rules.Select(rule => rule.ToMessage()) },
            },
            CancellationToken.None
        );

    /// <summary>Every look at it takes this long.</summary>
    private sealed class StepClock(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public TimeSpan Now => new(_ticks);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks += step.Ticks;
    }
}
