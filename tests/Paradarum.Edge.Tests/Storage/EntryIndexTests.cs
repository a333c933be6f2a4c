using CsCheck;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Tests.Purging;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Storage;

public sealed class The_index_of_entries
{
    private readonly EntryIndex _index = new() { EntryRemoved = TestEntry.CountRemoval };

    [Fact]
    public void Finds_every_variant_and_fetch_under_its_key()
    {
        var fetch = Registered("/a?x");
        var (first, second) = (Added(fetch), Added(fetch));
        var resource = _index.Find(1, fetch.Key)!;
        resource.Variants.ToArray().ShouldBe([second, first]);
        resource.Fetches.ToArray().ShouldBe([fetch]);
        _index.Find(1, Key("/a")).ShouldBeNull();
        _index.Find(1, Key("/a?x", scheme: "https")).ShouldBeNull();
        _index.Find(1, Key("/a?x", host: "b.example")).ShouldBeNull();
        _index.Find(2, fetch.Key).ShouldBeNull();
    }

    [Fact]
    public void Finds_what_lies_under_a_path_whatever_scheme_host_and_query()
    {
        TestEntry[] under =
        [
            Added(Registered("/a")),
            Added(Registered("/a?x")),
            Added(Registered("/a?x", scheme: "https")),
            Added(Registered("/a?", host: "b.example")),
        ];
        Added(Registered("/a/"));
        Added(Registered("/a", property: 2));
        _index.UnderPath(1, "/a").ShouldBe(under, ignoreOrder: true);
        _index.KeyedBy(1, TestNode.Target("/a?x")).ShouldBe([under[1], under[2]], ignoreOrder: true);
        _index.UnderPath(1, "/b").ShouldBeEmpty();
    }

    [Fact]
    public void Finds_one_target_among_100_000_queries_of_a_path_without_looking_at_all_of_them()
    {
        for (var i = 0; i < 100_000; i++)
        {
            var fetch = Registered($"/a?q={i}");
            Added(fetch);
            _index.Release(fetch);
        }
        var started = ThreadClock.Now;
        for (var i = 0; i < 100_000; i++)
            _index.KeyedBy(1, TestNode.Target($"/a?q={i}")).Count.ShouldBe(1);
        // Looking at all of them would be ten thousand million comparisons.
        (ThreadClock.Now - started).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        foreach (var entry in _index.UnderPath(1, "/a"))
            _index.Remove(entry);
        (_index.Count, _index.Bytes).ShouldBe((0, 0));
    }

    [Fact]
    public void Puts_a_new_variant_in_the_place_of_the_old_one_and_tells_each_once_that_it_is_gone()
    {
        var fetch = Registered("/a");
        var (old, kept) = (Added(fetch), Added(fetch));
        var renewed = new TestEntry(fetch);
        _index.Add(fetch, renewed, old).ShouldBeTrue();
        _index.Find(1, fetch.Key)!.Variants.ToArray().ShouldBe([renewed, kept]);
        _index.Remove(old).ShouldBeFalse();
        _index.Remove(kept).ShouldBeTrue();
        _index.Remove(kept).ShouldBeFalse();
        (old.TimesRemoved, kept.TimesRemoved, renewed.TimesRemoved).ShouldBe((1, 1, 0));
        (_index.CountOf(1), _index.BytesOf(1)).ShouldBe((1, 1000));
        _index.Add(fetch, old).ShouldBeFalse(); // what left never comes back
    }

    [Fact]
    public void Knows_the_oldest_stamp_of_the_fetches_of_a_property()
    {
        _index.OldestStamp(1).ShouldBe(ulong.MaxValue);
        var (first, second) = (Registered("/a"), Registered("/b"));
        Registered("/c", property: 2);
        _index.OldestStamp(1).ShouldBe(0UL);
        first.Begin(9, 0);
        second.Begin(5, 0);
        _index.OldestStamp(1).ShouldBe(5UL);
        _index.Release(second);
        _index.Release(second);
        _index.OldestStamp(1).ShouldBe(9UL);
    }

    [Fact]
    public void Drops_what_is_of_another_generation_and_takes_none_of_it_any_more()
    {
        var fetch = Registered("/a");
        var old = Added(fetch);
        _index.StartGeneration(1);
        old.IsRemoved.ShouldBeTrue();
        _index.Add(fetch, new TestEntry(fetch)).ShouldBeFalse();
        fetch.Begin(3, 1);
        _index.Add(fetch, new TestEntry(fetch)).ShouldBeTrue();
    }

    [Fact]
    public void Forgets_resources_that_hold_nothing()
    {
        var fetch = Registered("/a");
        var entry = Added(fetch);
        _index.Release(fetch);
        _index.Remove(entry);
        _index.Find(1, fetch.Key).ShouldBeNull();
        _index.UnderPath(1, "/a").ShouldBeEmpty();
        _index.Entries().ShouldBeEmpty();
    }

    [Fact]
    public void Agrees_with_a_list_whatever_is_added_and_removed() =>
        Gen.Select(Gen.Int[0, 3], Gen.OneOf("/a", "/a?x", "/a?y", "/b"), Gen.Int[0, 30])
            .List[1, 60]
            .Sample(steps =>
            {
                var (index, model) = (new EntryIndex { EntryRemoved = TestEntry.CountRemoval }, new List<TestEntry>());
                foreach (var (step, url, pick) in steps)
                {
                    var fetch = new TestFetch(1, Key(url), TestNode.Target(url));
                    if (step == 0 && model.Count > 0)
                    {
                        var gone = model[pick % model.Count];
                        model.Remove(gone);
                        if (!index.Remove(gone))
                            return false;
                    }
                    else if (step == 1)
                    {
                        var count = model.RemoveAll(entry => entry.Key == fetch.Key);
                        if (index.Invalidate(1, fetch.Key.Host, fetch.Key.Target.Path, fetch.Key.Target) != count)
                            return false;
                    }
                    else
                    {
                        var entry = new TestEntry(fetch);
                        model.Add(entry);
                        index.Register(fetch);
                        index.Add(fetch, entry);
                        index.Release(fetch);
                    }
                }
                return index.Entries(1).ToHashSet().SetEquals(model)
                    && index.UnderPath(1, "/a").ToHashSet().SetEquals(model.Where(entry => entry.Key.Target.Path == "/a"))
                    && index
                        .KeyedBy(1, TestNode.Target("/a?x"))
                        .ToHashSet()
                        .SetEquals(model.Where(entry => entry.Key.Target.PathAndQuery == "/a?x"))
                    && (index.Count, index.Bytes) == (model.Count, model.Count * 1000L);
            });

    [Fact]
    public async Task Keeps_its_figures_right_when_many_add_and_remove_at_once()
    {
        var entries = new System.Collections.Concurrent.ConcurrentBag<TestEntry>();
        await Parallel.ForAsync(
            0,
            8,
            TestContext.Current.CancellationToken,
            (worker, _) =>
            {
                for (var i = 0; i < 5000; i++)
                {
                    var fetch = Registered($"/{i % 7}?{(i + worker) % 13}");
                    var entry = Added(fetch);
                    entries.Add(entry);
                    if (i % 3 == 0)
                        _index.Remove(entry);
                    if (i % 50 == 0)
                        _index.Invalidate(1, fetch.Key.Host, fetch.Key.Target.Path, fetch.Key.Target);
                    _index.Release(fetch);
                }
                return ValueTask.CompletedTask;
            }
        );
        var left = entries.Where(entry => !entry.IsRemoved).ToHashSet();
        _index.Entries().ToHashSet().SetEquals(left).ShouldBeTrue();
        (_index.Count, _index.Bytes).ShouldBe((left.Count, left.Count * 1000L));
        entries.ShouldAllBe(entry => entry.TimesRemoved == (entry.IsRemoved ? 1 : 0));
        _index.OldestStamp(1).ShouldBe(ulong.MaxValue);
        foreach (var entry in left)
            _index.Remove(entry);
        Enumerable.Range(0, 7).ShouldAllBe(i => _index.UnderPath(1, $"/{i}").Count == 0);
    }

    private TestFetch Registered(string url, long property = 1, string scheme = "http", string host = "a.example")
    {
        var fetch = new TestFetch(property, Key(url, scheme, host), TestNode.Target(url));
        _index.Register(fetch);
        return fetch;
    }

    /// <summary>May find its fetch invalidated by another thread; then it counts as removed.</summary>
    private TestEntry Added(TestFetch fetch)
    {
        var entry = new TestEntry(fetch);
        if (!_index.Add(fetch, entry))
            RefusedByAnInvalidation(entry);
        return entry;
    }

    private static void RefusedByAnInvalidation(TestEntry entry)
    {
        entry.TryMarkRemoved();
        TestEntry.CountRemoval(entry);
    }

    private static CacheKey Key(string url, string scheme = "http", string host = "a.example") => new(scheme, host, TestNode.Target(url));
}
