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
