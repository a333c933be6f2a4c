using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>Disk full, errors, slow disk: the node goes on from memory and says so.</summary>
public sealed class A_disk_in_trouble
{
    private readonly Paradarum.Testing.Edge.TestLog _log = DiskNode.NewLog();

    [Fact]
    public void When_it_is_full_the_node_goes_on_from_memory_says_so_and_writes_again_when_there_is_room()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        (node.Disk.Room, node.Time.AutoAdvanceAmount) = (100, TimeSpan.Zero);
        node.Put("/a", new string('a', 5000));
        node.Tier.Work();
        node.Look("/a").ShouldBe(new string('a', 5000));
        node.Tier.Figures.Condition.ShouldBe(DiskCondition.Full);
        node.Tier.Figures.Faults.Writes.ShouldBe(1);
        node.Put("/b", "b");
        node.Look("/b").ShouldBe("b");
        node.Tier.Figures.Faults.Skipped.ShouldBe(1, "it rests");

        node.Disk.Room = long.MaxValue;
        node.Time.Advance(DiskHealth.LongestWriteRest);
        node.Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        node.Put("/c", "c");
        node.Settle();
        node.Tier.Figures.Condition.ShouldBeOneOf(DiskCondition.Well, DiskCondition.Slow);
        using var next = new DiskNode(node.Disk.AfterKill(), _log).Started();
        next.Look("/c").ShouldBe("c");
    }

    [Fact]
    public void When_writes_fail_the_cursor_stays_where_it_was_and_purges_are_in_force_all_the_same()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        node.Put("/a", "old");
        node.Settle();
        node.Disk.WritesFail = true;
        node.Purge("Path", "/a");
        node.Settle();
        node.Look("/a").ShouldBeNull();
        node.Tier.Figures.Condition.ShouldBe(DiskCondition.Failing);
        node.Tier.Figures.Durable.ShouldBe(1UL);
        using var next = new DiskNode(node.Disk.AfterKill(), _log).Started();
        next.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void When_it_is_slow_what_memory_lets_go_while_it_is_written_is_lost_to_neither()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        node.Put("/a", "on its way");
        node.Disk.Writing = () =>
        {
            node.Disk.Writing = null;
            for (var n = 0; n < 100; n++)
                node.Put($"/{n}", new string('x', 20_000));
        };
        node.Settle();
        node.Disk.Writing.ShouldBeNull();
        node.Index.Count.ShouldBe(101);
        node.Tier.Figures.Entries.ShouldBe(101);
        using var next = new DiskNode(node.Disk.AfterKill(), _log).Started();
        next.Look("/a").ShouldBe("on its way");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_a_write_fails_what_memory_let_go_meanwhile_is_in_neither_and_else_memory_keeps_it_within_its_bounds(bool letsGo)
    {
        const long memory = 1 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, memory: memory).Started();
        var entry = node.Put("/a", new string('a', 20_000));
        node.Disk.Writing = () =>
        {
            node.Disk.Writing = null;
            for (var n = 0; n < (letsGo ? 100 : 1); n++)
                node.Put($"/{n}", new string('x', 20_000));
            node.Disk.WritesFail = true;
        };
        node.Tier.Work();
        entry.IsRemoved.ShouldBe(letsGo);
        node.Disk.WritesFail = false;
        Recovers(node, memory);
    }

    [Fact]
    public void When_its_folder_cannot_be_listed_at_a_start_what_lies_there_is_loaded_later()
    {
        var disk = new PowerCutDisk();
        using (var node = new DiskNode(disk, _log).Started())
        {
            node.Put("/a", "a");
            node.Settle();
        }
        using var next = new DiskNode(disk.AfterKill(), _log);
        next.CatchUp();
        next.Disk.ListFails = true;
        next.Tier.Load(default).ShouldBeFalse();
        next.Index.IsLoading.ShouldBeTrue();
        next.Disk.ListFails = false;
        next.Tier.Load(default).ShouldBeTrue();
        next.Look("/a").ShouldBe("a");
    }

    [Fact]
    public void When_it_takes_no_writes_what_is_renewed_keeps_its_bytes_or_leaves()
    {
        const long memory = 1 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, memory: memory).Started();
        for (var n = 0; n < 100; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Settle();
        node.Time.AutoAdvanceAmount = TimeSpan.Zero;
        node.Disk.WritesFail = true;
        node.Put("/trouble", "t");
        node.Tier.Work();
        node.Tier.Figures.Condition.ShouldBe(DiskCondition.Failing);
        node.Disk.WritesFail = false;
        var segment = node.Index.Entries().OfType<StoredResponse>().First(entry => !entry.Body.IsInMemory).Body.OnDisk!.Segment;
        foreach (var entry in In(segment))
            node.Renew(entry.Key.Target.PathAndQuery);
        node.Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        Recovers(node, memory);
        segment.Live.ShouldBe(segment.IsGone ? 0 : In(segment).Count);
        for (var n = 0; n < 1000; n++)
        {
            node.Put($"/later/{n}", new string('y', 20_000));
            if (n % 20 == 0)
                node.Settle();
        }
        node.Settle();
        segment.IsGone.ShouldBeTrue();
        In(segment).ShouldBeEmpty("nothing stays in a file that is deleted");

        List<StoredResponse> In(Segment where) =>
            [.. node.Index.Entries().OfType<StoredResponse>().Where(entry => entry.Disk?.Body?.Segment == where)];
    }

    [Fact]
    public void When_a_drop_fails_what_came_after_it_is_kept_within_the_bounds_of_memory()
    {
        const long memory = 1 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, memory: memory).Started();
        node.Put("/a", "a");
        StoredResponse? later = null;
        node.Disk.Writing = () =>
        {
            node.Disk.Writing = null;
            node.State.Replace(_log.Epoch, 0, Protocol.Log.Chain.Origin(_log.Epoch), []);
            node.CatchUp();
            later = node.Put("/b", new string('b', 20_000));
            node.Disk.DeletesFail = true;
        };
        node.Tier.Work();
        node.Tier.Figures.Faults.Writes.ShouldBe(1);
        node.Look("/b").ShouldNotBeNull();
        node.Disk.DeletesFail = false;
        Recovers(node, memory);
        later!.IsRemoved.ShouldBeTrue("it was let go like any other");
    }

    [Fact]
    public void When_nothing_is_written_what_waits_is_bounded_though_bodies_be_empty()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log, memory: 1 << 20).Started();
        for (var n = 0; n < 100_000; n++)
            node.Put($"/redirect/{n}", "");
        node.Tier.Books.QueuedBytes.ShouldBeLessThanOrEqualTo(DiskBooks.MostQueuedBytes);
        node.Index.Bytes.ShouldBeLessThanOrEqualTo(DiskBooks.MostQueuedBytes + (1 << 20));
        node.Tier.Figures.Faults.Skipped.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Its_files_stay_within_the_bound_while_much_is_written_at_once()
    {
        const long bytes = 16 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes, memory: 64 << 20).Started();
        for (var n = 0; n < 780; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Settle();
        var peak = 0L;
        node.Disk.Writing = () => peak = Math.Max(peak, node.Disk.List().Sum(name => node.Disk[name].LongLength));
        for (var n = 0; n < 600; n++)
            node.Put($"/more/{n}", new string('x', 20_000));
        node.Settle();
        peak.ShouldBeInRange(bytes / 2, bytes);
    }

    [Fact]
    public void An_index_that_renewals_have_grown_is_begun_anew()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes: 8 << 20).Started();
        node.Put("/a", "a");
        for (var n = 0; n < 3_000; n++)
        {
            node.Renew("/a");
            node.Tier.Work();
        }
        node.Settle();
        node.Tier.Figures.Bytes.ShouldBeLessThan(256 << 10, "a segment");
        using var next = new DiskNode(node.Disk.AfterKill(), _log, bytes: 8 << 20).Started();
        next.Look("/a").ShouldBe("a");
    }

    [Fact]
    public void An_index_of_large_heads_is_left_as_it_is_and_counts_for_memory()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes: 8 << 20, memory: 16 << 20).Started();
        for (var n = 0; n < 20; n++)
            node.Put($"/{n}", "x", acceptLanguage: $"x{n}-{new string('z', 20_000)}").Size.ShouldBeGreaterThan(40_000);
        node.Settle();
        var segments = node.Index.Entries().OfType<StoredResponse>().Select(entry => entry.Disk!.Body!.Segment).ToHashSet();
        node.Put("/more", "x");
        node.Settle();
        segments.ShouldAllBe(segment => !segment.IsGone);
    }

    [Fact]
    public void A_body_that_would_take_much_of_it_is_kept_in_memory_alone()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes: 16 << 20, memory: 64 << 20).Started();
        for (var n = 0; n < 100; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Settle();
        node.Put("/film", new string('f', 20 << 20));
        node.Settle();
        node.Tier.Figures.Entries.ShouldBe(100);
        node.Tier.Figures.Faults.Skipped.ShouldBe(1);
        node.Look("/film").ShouldNotBeNull();
    }

    [Fact]
    public void Room_is_made_where_heads_are_all_there_is()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes: 8 << 20, memory: 64 << 20).Started();
        for (var n = 0; n < 40_000; n++)
        {
            node.Put($"/redirect/{n}", "");
            if (n % 1000 == 0)
                node.Tier.Work();
        }
        node.Settle();
        node.Tier.Figures.Bytes.ShouldBeInRange(1 << 20, 8 << 20);
    }

    [Fact]
    public async Task A_renewal_that_is_refused_takes_no_memory()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        for (var n = 0; n < 100; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Settle();
        var held = node.Index.Entries().OfType<StoredResponse>().First(entry => !entry.Body.IsInMemory);
        var fetch = new Purging.TestFetch(DiskNode.Property, held.Key, held.Fetched);
        node.Index.Register(fetch);
        fetch.Begin(node.State.Current.Position, node.State.Current.Generation);
        var renewed = new StoredResponse(held, held.Status, held.Headers, held.Body, held.Freshness, held.Vary);
        node.Index.Invalidate(DiskNode.Property, DiskNode.Host, held.Key.Target.Path, null);
        node.Store.Put(renewed, fetch).ShouldBeFalse();
        node.Index.Release(fetch);
        node.Time.AutoAdvanceAmount = TimeSpan.Zero;
        await node.Store.IsReadyAsync(renewed, default);
        renewed.Eviction.Place.ShouldBe(EvictionPlace.None);
    }

    [Fact]
    public void A_visitor_who_reads_a_renewed_entry_back_first_has_it_counted_once()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        for (var n = 0; n < 100; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Settle();
        var url = Enumerable.Range(0, 100).Select(n => $"/{n}").First(page => !node.Find(page)!.Body.IsInMemory);
        node.Time.AutoAdvanceAmount = TimeSpan.Zero;
        node.Tier.WorkNeeded = () =>
        {
            node.Tier.WorkNeeded = null;
            node.Store.IsReadyAsync(node.Find(url)!, default).AsTask().GetAwaiter().GetResult().ShouldBeTrue();
        };
        node.Renew(url);
        node.Tier.WorkNeeded.ShouldBeNull();
        var held = node.Index.Entries().OfType<StoredResponse>().Where(entry => entry.Body.IsInMemory).ToList();
        (node.Store.Count, node.Store.Bytes).ShouldBe((held.Count, held.Sum(entry => entry.Size)));
        node.Purge("All");
        node.Settle();
        (node.Store.Count, node.Store.Bytes).ShouldBe((0, 0L));
    }

    /// <summary>The disk is well again, and more comes than memory holds: nothing stays in memory beside what it counts.</summary>
    private static void Recovers(DiskNode node, long memory)
    {
        node.Time.Advance(DiskHealth.LongestWriteRest);
        for (var n = 100; n < 400; n++)
        {
            node.Put($"/{n}", new string('x', 20_000));
            if (n % 20 == 0)
                node.Settle();
        }
        node.Settle();
        var inMemory = node.Index.Entries().OfType<StoredResponse>().Where(held => held.Body.IsInMemory).ToList();
        inMemory.Sum(held => held.Size).ShouldBeLessThanOrEqualTo(memory);
        inMemory.ShouldAllBe(held => held.Eviction.Place != EvictionPlace.None);
    }

    [Fact]
    public void When_a_write_fails_what_memory_had_let_go_in_its_favour_is_in_neither()
    {
        const long memory = 1 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, memory: memory).Started();
        node.Disk.WritesFail = true;
        for (var n = 0; n < 100; n++)
            node.Put($"/{n}", new string('x', 20_000));
        node.Index.Count.ShouldBe(100, "what memory has no room for waits for the disk");
        for (var n = 0; n < 100; n++)
        {
            node.Tier.Work();
            node.Time.Advance(DiskHealth.LongestWriteRest);
        }
        node.Tier.Books.QueuedBytes.ShouldBe(0);
        node.Index.Entries().OfType<StoredResponse>().Sum(entry => entry.Body.Length).ShouldBeLessThanOrEqualTo(memory);
    }

    [Fact]
    public async Task When_reads_fail_it_is_a_miss_and_after_some_it_is_not_asked_for_a_while()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        var entries = Enumerable.Range(0, 100).Select(n => node.Put($"/{n}", new string('x', 20_000))).ToList();
        node.Settle();
        var onDisk = entries.FindAll(entry => !entry.Body.IsInMemory);
        (node.Disk.ReadsFail, node.Time.AutoAdvanceAmount) = (true, TimeSpan.Zero);
        for (var n = 0; n < DiskHealth.FaultsUntilRest; n++)
            (await node.Store.IsReadyAsync(onDisk[n], default)).ShouldBeFalse();
        node.Tier.Figures.Condition.ShouldBe(DiskCondition.Failing);
        node.Disk.ReadsFail = false;
        node.Index.Count.ShouldBe(100 - DiskHealth.FaultsUntilRest);
        node.Time.Advance(DiskHealth.ReadsRestFor);
        (await node.Store.IsReadyAsync(onDisk[^1], default)).ShouldBeTrue();
    }

    [Fact]
    public async Task When_it_hangs_visitors_wait_a_quarter_of_a_second_and_the_node_applies_purges()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        var entries = Enumerable.Range(0, 100).Select(n => node.Put($"/{n}", new string('x', 20_000))).ToList();
        node.Settle();
        var onDisk = entries.FindAll(entry => !entry.Body.IsInMemory);
        using var hang = new ManualResetEventSlim();
        (node.Disk.Hang, node.Time.AutoAdvanceAmount) = (hang, TimeSpan.Zero);
        var ready = node.Store.IsReadyAsync(onDisk[0], default).AsTask();
        ready.IsCompleted.ShouldBeFalse();
        node.Purge("Path", onDisk[1].Key.Target.Path);
        node.Look(onDisk[1].Key.Target.Path).ShouldBeNull();
        node.Time.Advance(DiskPatience.ForFirstBytes);
        (await ready).ShouldBeFalse();
        node.Tier.Figures.Condition.ShouldBe(DiskCondition.Slow);
        hang.Set();
    }

    [Fact]
    public async Task What_is_read_often_comes_back_to_memory_and_what_is_torn_leaves_the_store()
    {
        using var node = new DiskNode(new PowerCutDisk(), _log).Started();
        var entries = Enumerable.Range(0, 100).Select(n => node.Put($"/{n}", $"{n} {new string('x', 20_000)}")).ToList();
        node.Settle();
        var onDisk = entries.FindAll(entry => !entry.Body.IsInMemory);
        (await node.Store.IsReadyAsync(onDisk[0], default)).ShouldBeTrue();
        onDisk[0].Body.IsInMemory.ShouldBeTrue();
        DiskNode.BytesOf(onDisk[0]).ShouldStartWith($"{entries.IndexOf(onDisk[0])} ");

        var file = node.Disk[DiskFormat.BodyName(1)];
        var body = onDisk[1].Body.OnDisk!;
        file[body.Offset + 100] ^= 1;
        (await node.Store.IsReadyAsync(onDisk[1], default)).ShouldBeFalse();
        onDisk[1].IsRemoved.ShouldBeTrue();
        node.Tier.Figures.Faults.Torn.ShouldBe(1);
    }

    [Fact]
    public void Its_size_and_the_memory_of_heads_stay_within_their_bounds_and_what_is_asked_for_stays()
    {
        const long bytes = 16 << 20;
        using var node = new DiskNode(new PowerCutDisk(), _log, bytes, memory: 4 << 20).Started();
        for (var n = 0; n < 3000; n++)
        {
            node.Put($"/{n}", new string('x', 20_000));
            if (n % 50 == 0 && n > 0)
            {
                DiskBooks.WasRead(node.Find("/0").ShouldNotBeNull($"asked for at {n}"));
                node.Tier.Work();
                node.Tier.Figures.Bytes.ShouldBeLessThanOrEqualTo(bytes);
                node.Tier.Figures.HeadBytes.ShouldBeLessThanOrEqualTo(ResponseStore.HeadsOf(4 << 20));
            }
        }
        node.Settle();
        node.Disk.List().Sum(name => node.Disk[name].LongLength).ShouldBeLessThanOrEqualTo(bytes);
        node.Find("/1").ShouldBeNull();
        node.Look("/0").ShouldBe(new string('x', 20_000));
    }
}
