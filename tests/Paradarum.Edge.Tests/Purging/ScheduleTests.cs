using System.Collections.Concurrent;
using CsCheck;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Purging;

/// <summary>G2 and retirement as a model: whatever the order of fetching, purging, sweeping and looking, nothing that a purge matches is used after it.</summary>
public sealed class Whatever_the_order_of_events
{
    private static readonly string[] Urls = ["/a", "/a?x=1", "/b.jpg", "/b.jpg?x=1", "/c/d"];

    private static readonly PurgeRule[] Rules =
    [
        PurgeRule.All,
        TestNode.Rule("Extension", "jpg"),
        TestNode.Rule("Path", "/a"),
        TestNode.Rule("Path", "/b.jpg?x=1"),
        TestNode.Rule("Regex", "/c", "starts_with"),
        TestNode.Rule("Regex", "x=1", "contains"),
        TestNode.Rule("Regex", "^/[ab]$"),
        TestNode.Rule("Path", "/nothing"),
    ];

    private enum Event
    {
        Register,
        Begin,
        Finish,
        GiveUp,
        Purge,
        Sweep,
        Look,
        Invalidate,
    }

    [Fact]
    public void Nothing_that_a_purge_matches_is_used_after_it_and_what_none_matches_is_kept() =>
        Gen.Select(Gen.Enum<Event>(), Gen.Int[0, 100], Gen.Int[0, 100])
            .List[1, 80]
            .Sample(schedule => Broken(schedule).ShouldBeNull(), iter: 2000);

    /// <summary>The first thing that was wrong; null when nothing was.</summary>
    private static string? Broken(List<(Event Event, int What, int Which)> schedule)
    {
        using var node = new TestNode();
        var purges = new List<(ulong Position, PurgeRule Rule)>();
        var registered = new List<TestFetch>();
        var begun = new List<TestFetch>();
        var stored = new List<TestEntry>();
        foreach (var (what, of, which) in schedule)
        {
            switch (what)
            {
                case Event.Register:
                    registered.Add(node.Registered(Urls[of % Urls.Length]));
                    break;
                case Event.Begin when registered.Count > 0:
                    var begins = registered[which % registered.Count];
                    registered.Remove(begins);
                    begins.Begin(node.Now.Position, node.Now.Generation);
                    begun.Add(begins);
                    break;
                case Event.Finish when begun.Count > 0:
                    var ends = begun[which % begun.Count];
                    begun.Remove(ends);
                    var reason = node.Finish(ends, out var entry);
                    if ((reason is FenceReason.Fresh) != (!ends.IsInvalidated && !IsPurged(ends)))
                        return $"{ends.Key.Target}, fetched at {ends.Stamp}, gave {reason}; {Told(purges)}";
                    if (reason is FenceReason.Fresh)
                        stored.Add(entry);
                    break;
                case Event.GiveUp when begun.Count > 0:
                    node.Index.Release(begun[which % begun.Count]);
                    begun.RemoveAt(which % begun.Count);
                    break;
                case Event.Purge:
                    var rule = Rules[of % Rules.Length];
                    purges.Add((node.Purge(rule), rule));
                    break;
                case Event.Sweep:
                    node.Sweeper.SweepAll();
                    break;
                case Event.Invalidate when of % 4 == 0:
                    var key = new CacheKey("http", TestNode.Host, TestNode.Target(Urls[which % Urls.Length]));
                    node.Index.Invalidate(TestNode.Property, key.Host, key.Target.Path, key.Target);
                    stored.RemoveAll(held => held.Key == key);
                    break;
            }

            // Every stored response and every fetch that could be joined, as a visitor at this moment would find it.
            if (stored.Find(held => Usable(node, held) == IsPurged(held)) is { } wrong)
                return $"after {what} {wrong.Key.Target} of {wrong.Stamp}: removed {wrong.IsRemoved}, {node.Test(wrong)}; {Told(purges)}";
            if (begun.Find(fetch => node.Test(fetch) is FenceReason.Fresh && IsPurged(fetch)) is { } joined)
                return $"{joined.Key.Target}, fetched at {joined.Stamp}, could be joined; {Told(purges)}";
        }
        foreach (var fetch in begun.Concat(registered))
            node.Index.Release(fetch);
        node.Sweeper.SweepAll();
        if (!node.Pending().IsEmpty)
            return "rules that nothing is older than are still pending";
        return stored.TrueForAll(held => held.IsRemoved == IsPurged(held)) ? null : "the sweep took too much or too little";

        bool IsPurged(Paradarum.Edge.Storage.Stamped item) =>
            purges.Any(purge =>
                purge.Position > item.Stamp && PurgeMatch.Matches(purge.Rule, item.Key.Target, item.Fetched, target => target)
            );
    }

    private static string Told(IEnumerable<(ulong Position, PurgeRule Rule)> purges) =>
        string.Join(", ", purges.Select(purge => $"{purge.Position} {purge.Rule.Kind} {purge.Rule.Value}"));

    private static bool Usable(TestNode node, TestEntry held) => !held.IsRemoved && node.Test(held) is FenceReason.Fresh;

    [Fact]
    public void Rules_retire_exactly_when_nothing_is_older() =>
        Gen.Select(Gen.ULong[0, 50], Gen.ULong[0, 50].Array[0, 5])
            .Sample(
                (tested, stamps) =>
                {
                    var through = Retirement.Through(tested, stamps.DefaultIfEmpty(ulong.MaxValue).Min());
                    return through <= tested && stamps.All(stamp => stamp >= through) && (through == tested || stamps.Contains(through));
                }
            );
}

/// <summary>The same with threads: one applies, some fetch and store, some look, one sweeps.</summary>
public sealed class Whatever_the_threads_do
{
    private const int Pages = 5;
    private const int Purges = 3000;

    [Fact]
    public async Task No_lookup_after_an_applied_purge_finds_what_was_fetched_before_it()
    {
        using var node = new TestNode();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var origin = new long[Pages]; // what the origin would answer now
        var applied = new long[Pages]; // the version that every lookup from now on must at least show
        var stale = new ConcurrentQueue<string>();
        var (hits, stored) = (0, 0);

        void Fetch(Random random)
        {
            var page = random.Next(Pages);
            var fetch = node.Registered($"/page/{page}?x={random.Next(3)}");
            fetch.Begin(node.Now.Position, node.Now.Generation);
            var entry = new TestEntry(fetch, Volatile.Read(ref origin[page]).ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (random.Next(3) == 0)
                Thread.Yield();
            if (node.State.Store(fetch, entry).MayBeUsed)
                Interlocked.Increment(ref stored);
            node.Index.Release(fetch);
        }

        void Look(Random random)
        {
            var page = random.Next(Pages);
            var least = Volatile.Read(ref applied[page]);
            var key = new CacheKey("http", TestNode.Host, TestNode.Target($"/page/{page}?x={random.Next(3)}"));
            if (node.Index.Find(TestNode.Property, key) is not { } resource)
                return;
            foreach (var variant in resource.Variants)
            {
                if (!Fence.Test(node.Now, variant).MayBeUsed)
                    continue;
                Interlocked.Increment(ref hits);
                var body = long.Parse(((TestEntry)variant).Body, System.Globalization.CultureInfo.InvariantCulture);
                if (body < least)
                    stale.Enqueue($"page {page}: {body} after {least}");
            }
            if (resource.Variants is { Length: > 20 } many)
                node.Index.Remove(many[^1]);
        }

        Task Run(int seed, Action<Random> step) =>
            Task.Run(() =>
            {
                var random = new Random(seed);
                while (!over.IsCancellationRequested)
                    step(random);
            });

        Task[] others = [Run(1, Fetch), Run(2, Fetch), Run(3, Look), Run(4, Look), Run(5, _ => node.Sweeper.SweepAll())];
        var rules = new Func<int, PurgeRule>[]
        {
            page => TestNode.Rule("Path", $"/page/{page}"),
            page => TestNode.Rule("Regex", $"/page/{page}", "starts_with"),
            page => TestNode.Rule("Regex", $"^/page/{page}\\b"),
            page => TestNode.Rule("Regex", $"ge/{page}", "contains"),
        };
        // On a busy machine the others may not have had their turn by then: it goes on until they found something.
        var started = TimeProvider.System.GetTimestamp();
        for (
            var i = 0;
            i < Purges || (Volatile.Read(ref hits) == 0 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
            i++
        )
        {
            var page = i % Pages;
            Volatile.Write(ref origin[page], i + 1);
            node.Purge(rules[i % rules.Length](page));
            Volatile.Write(ref applied[page], i + 1);
            if (i % 10 == 0)
                await Task.Yield();
        }
        await over.CancelAsync();
        await Task.WhenAll(others);
        stale.ShouldBeEmpty();
        stored.ShouldBeGreaterThan(0);
        hits.ShouldBeGreaterThan(0);
        node.Sweeper.SweepAll();
        node.Pending().IsEmpty.ShouldBeTrue();
    }
}

/// <summary>The loop around the sweep.</summary>
public sealed class The_sweeper
{
    [Fact]
    public async Task Frees_what_a_purge_matches_without_being_asked()
    {
        using var node = new TestNode();
        using var sweeper = new Sweeper(node.State, TimeProvider.System);
        var freed = new TaskCompletionSource();
        var fetch = node.Fetch("/a.jpg");
        node.Index.EntryRemoved = _ => freed.TrySetResult();
        node.State.Store(fetch, new TestEntry(fetch)).MayBeUsed.ShouldBeTrue();
        node.Index.Release(fetch);

        await sweeper.StartAsync(TestContext.Current.CancellationToken);
        node.Purge(TestNode.Rule("Extension", "jpg"));
        await freed.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await sweeper.StopAsync(TestContext.Current.CancellationToken);
        node.Index.Count.ShouldBe(0);
    }
}
