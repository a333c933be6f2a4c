using Paradarum.Edge.Storage.Disk;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>Design section 3, two cursors: what is on disk after a stop, a kill or a power cut, and what is not.</summary>
public sealed class A_node_that_starts_again
{
    private readonly Paradarum.Testing.Edge.TestLog _log = DiskNode.NewLog();
    private readonly PowerCutDisk _disk = new();

    [Fact]
    public void Does_not_take_up_what_was_invalidated_by_its_group_while_it_was_being_read()
    {
        var log = DiskNode.NewLog();
        var disk = new PowerCutDisk();
        using (var node = new DiskNode(disk, log).Started())
        {
            node.Put("/member", "a", groups: "\"news\"");
            node.Put("/of-another", "b", groups: "\"sports\"");
            node.Purge("Path", "/nothing");
            node.Settle();
        }
        using var again = new DiskNode(disk.AfterKill(), log);
        again.CatchUp();
        again.Index.IsLoading.ShouldBeTrue();
        again.Index.InvalidateGroups(DiskNode.Property, ["news"]);
        again.Tier.Load(default);

        again.Look("/member").ShouldBeNull();
        again.Look("/of-another").ShouldBe("b");
    }

    [Fact]
    public void Finds_what_it_had_stored_with_its_bytes_fields_and_variants()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a?x=1", "one");
            node.Put("/big", new string('b', 200_000));
            node.Put("/v", "deutsch", "de");
            node.Put("/v", "english", "en");
            node.Settle();
        }
        using var next = new DiskNode(_disk.AfterKill(), _log).Started();
        next.Look("/a?x=1").ShouldBe("one");
        next.Look("/big").ShouldBe(new string('b', 200_000));
        next.Index.Count.ShouldBe(4);
        var found = next.Find("/a?x=1")!;
        found.Headers.ETag.ToString().ShouldBe("\"1\"");
        found.Headers.SetCookie.Count.ShouldBe(2);
        found.Freshness.Lifetime.Value.ShouldBe(TimeSpan.FromSeconds(600));
        next.Find("/v")!.Vary.Names.ShouldBe(["accept-language"]);
    }

    [Fact]
    public void Presents_what_is_swept_and_flushed_and_nothing_newer()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "one");
            node.Settle();
            node.Purge("Path", "/x");
            node.State.Current.Position.ShouldBe(2UL);
        }
        using var next = new DiskNode(_disk.AfterKill(), _log);
        next.State.Current.Position.ShouldBe(1UL, "the record behind it is sent again");
        next.State.Current.Hash.ToArray().ShouldBe(_log.Records[0].Hash.ToArray());
        next.State.Current.Properties.Keys.ShouldBe([DiskNode.Property]);
    }

    [Theory]
    [InlineData("Path", "/a.jpg", null)]
    [InlineData("Extension", "jpg", null)]
    [InlineData("All", null, null)]
    [InlineData("Regex", "/a", "starts_with")]
    [InlineData("Regex", "^/a[.]", null)]
    public void Serves_nothing_that_was_purged_just_before_it_was_killed(string type, string? value, string? matchType)
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a.jpg", "old");
            node.Put("/other", "kept");
            node.Settle();
            // Applied and acknowledged; nothing of it has reached the disk.
            node.Purge(type, value, matchType);
        }
        using var next = new DiskNode(_disk.AfterKill(), _log);
        next.CatchUp();
        next.Tier.Load(default);
        next.Look("/a.jpg").ShouldBeNull();
        next.Look("/other").ShouldBe(type == "All" ? null : "kept");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Serves_nothing_that_was_purged_while_it_was_down_whenever_its_entries_come(bool loadedFirst)
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "old");
            node.Settle();
        }
        _log.Purge(DiskNode.Property, "Path", "/a");
        using var next = new DiskNode(_disk.AfterKill(), _log);
        if (loadedFirst)
            next.Tier.Load(default);
        next.CatchUp();
        // A sweep that ends before the entries are here retires nothing they have not been tested against.
        next.Sweeper.SweepAll();
        next.Tier.Load(default);
        next.Look("/a").ShouldBeNull();
        next.Settle();
        using var third = new DiskNode(next.Disk.AfterKill(), _log);
        third.State.Current.Position.ShouldBe(2UL);
        third.Tier.Load(default);
        third.Look("/a").ShouldBeNull("what its cursor promises is written");
    }

    [Fact]
    public void Counts_what_a_purge_removed_once_wherever_it_lay()
    {
        using var node = new DiskNode(_disk, _log, memory: 1 << 20).Started();
        for (var n = 0; n < 100; n++)
            node.Put($"/a/{n}", new string('x', 20_000));
        node.Settle();
        node.Index.Entries().Count(entry => !((Edge.Storage.StoredResponse)entry).Body.IsInMemory).ShouldBeInRange(1, 99);
        node.State.TakeCounts();
        var position = node.Purge("Regex", "/a/", "starts_with");
        node.Settle();
        node.State.TakeCounts().Single(count => count.Position == position).Objects.ShouldBe(100);
        node.Tier.Figures.Entries.ShouldBe(0);
    }

    [Fact]
    public void Forgets_what_an_unsafe_request_invalidated_while_it_was_loading()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "old");
            node.Settle();
        }
        using var next = new DiskNode(_disk.AfterKill(), _log);
        next.CatchUp();
        next.Index.Invalidate(DiskNode.Property, DiskNode.Host, "/a", Purging.TestNode.Target("/a"));
        next.Tier.Load(default);
        next.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void Keeps_what_was_fetched_since_its_start_over_what_lay_on_disk()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "old");
            node.Settle();
        }
        using var next = new DiskNode(_disk.AfterKill(), _log);
        next.CatchUp();
        next.Put("/a", "new");
        next.Tier.Load(default);
        next.Look("/a").ShouldBe("new");
        next.Settle();
        using var third = new DiskNode(next.Disk.AfterKill(), _log).Started();
        third.Look("/a").ShouldBe("new");
    }

    [Fact]
    public void Waits_with_entries_of_positions_that_it_has_not_applied_yet()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Settle();
            node.Purge("Path", "/x");
            node.Put("/a", "later");
            node.Tier.Work(); // written, but no sweep has let the cursor follow
        }
        using var next = new DiskNode(_disk.AfterKill(), _log);
        next.Tier.Load(default);
        next.Find("/a").ShouldBeNull("it was keyed by a configuration that this process may not know yet");
        next.CatchUp();
        next.Settle();
        next.Look("/a").ShouldBe("later");
    }

    [Fact]
    public async Task Serves_nothing_that_was_purged_after_its_segment_went_while_its_renewed_head_waited_to_be_written()
    {
        using var node = new DiskNode(_disk, _log, bytes: 8 << 20, memory: 4 << 20).Started();
        node.Put("/a", "old " + new string('a', 20_000));
        for (var n = 0; n < 150; n++)
            node.Put($"/fill/{n}", new string('x', 20_000));
        node.Settle();
        // More than a pass writes stands before the renewed head; its bytes come back to memory.
        for (var n = 0; n < 450; n++)
            node.Put($"/more/{n}", new string('y', 20_000));
        var renewed = node.Renew("/a");
        node.Time.AutoAdvanceAmount = TimeSpan.Zero;
        (await node.Store.IsReadyAsync(renewed, default)).ShouldBeTrue();
        node.Time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        var segment = renewed.Disk!.Body!.Segment;
        node.Tier.Work();
        (segment.IsGone, renewed.Disk.Body.Segment.IsGone).ShouldBe((true, false), "it was written anew with what was worth keeping");
        node.Tier.Books.QueuedBytes.ShouldBeGreaterThan(0);
        node.Settle();
        node.Look("/a").ShouldNotBeNull();

        node.Purge("Path", "/a");
        node.Settle();
        node.Tier.Figures.Durable.ShouldBe(2UL);
        using var next = new DiskNode(node.Disk.AfterKill(), _log).Started();
        next.Look("/a").ShouldBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Serves_nothing_that_was_purged_in_place_of_what_a_log_that_was_set_back_has_lost(bool isStoredBehindTheCursor)
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Settle();
            if (!isStoredBehindTheCursor)
                node.Put("/a", "old");
            node.Purge("Path", "/x");
            if (isStoredBehindTheCursor)
                node.Put("/a", "old");
            node.Look("/a").ShouldBe("old"); // checked at 2
            node.Tier.Work(); // written, but no sweep has let the cursor follow
        }
        // The same log up to the cursor, and no trace that it ever went on otherwise.
        var setBack = DiskNode.NewLog();
        setBack.Records[0].Hash.ToArray().ShouldBe(_log.Records[0].Hash.ToArray());
        setBack.Purge(DiskNode.Property, "Path", "/a");
        using var next = new DiskNode(_disk.AfterKill(), setBack).Started();
        next.State.Current.Position.ShouldBe(2UL);
        next.Look("/a").ShouldBeNull();
    }

    [Fact]
    public void Takes_the_newer_of_two_heads_of_one_segment()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "older");
            _disk.Writing = () =>
            {
                _disk.Writing = null;
                node.Put("/a", "newer"); // while the older one is written
            };
            node.Tier.Work();
        }
        using var next = new DiskNode(_disk.AfterKill(), _log).Started();
        next.Look("/a").ShouldBe("newer");
    }

    [Fact]
    public void Lets_go_of_what_was_written_first()
    {
        using (var node = new DiskNode(_disk, _log, memory: 8 << 20).Started())
            Fill(node, "old", 300);
        using var next = new DiskNode(_disk.AfterKill(), _log, memory: 8 << 20).Started();
        next.Index.Count.ShouldBe(300);
        Fill(next, "new", 600);
        var left = Enumerable.Range(0, 300).Where(n => next.Find($"/old/{n}") is not null).ToList();
        left.Count.ShouldBeInRange(1, 299);
        left.ShouldBe(Enumerable.Range(300 - left.Count, left.Count));

        static void Fill(DiskNode node, string folder, int pages)
        {
            for (var n = 0; n < pages; n++)
            {
                node.Put($"/{folder}/{n}", new string('x', 20_000));
                if (n % 10 == 0)
                    node.Settle();
            }
            node.Settle();
        }
    }

    [Fact]
    public void Loses_nothing_by_a_stop_while_it_loads()
    {
        using (var node = new DiskNode(_disk, _log, memory: 8 << 20).Started())
        {
            for (var n = 0; n < 100; n++)
                node.Put($"/{n}", new string('x', 20_000));
            node.Settle();
        }
        var disk = _disk.AfterKill();
        using (var stopped = new DiskNode(disk, _log, memory: 8 << 20))
        {
            stopped.Tier.Load(new CancellationToken(canceled: true));
            stopped.Tier.Work(isLast: true);
        }
        using var next = new DiskNode(disk.AfterKill(), _log, memory: 8 << 20).Started();
        next.Index.Count.ShouldBe(100);
    }

    [Fact]
    public void Writes_no_cursor_over_what_a_stop_while_it_loads_has_left_untested()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/old", "old");
            for (var n = 0; n < 30; n++)
                node.Put($"/fill/{n}", new string('x', 20_000)); // the next goes into another segment
            node.Settle();
            node.Purge("Path", "/x");
            node.Put("/ahead", "ahead");
            node.Tier.Work();
        }
        var disk = _disk.AfterKill();
        disk.List().Count(name => name.EndsWith(".index", StringComparison.Ordinal)).ShouldBe(2);
        _log.Purge(DiskNode.Property, "Path", "/old");
        using (var stopped = new DiskNode(disk, _log))
        {
            using var stop = new CancellationTokenSource();
            disk.Reading = name =>
            {
                if (name == DiskFormat.IndexName(1))
                    stop.Cancel();
            };
            stopped.Tier.Load(stop.Token);
            stopped.CatchUp();
            stopped.Put("/new", "new");
            stopped.Tier.Work();
            stopped.Sweeper.SweepAll();
            stopped.Tier.Work(isLast: true);
        }
        using var next = new DiskNode(disk.AfterKill(), _log);
        next.State.Current.Position.ShouldBe(1UL);
        next.Started().Look("/old").ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reads_a_record_again_that_it_did_not_understand_also_of_a_property_that_is_new(bool isOfUnknownKind)
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "a");
            node.Settle();
            var body = new Protocol.Link.PropertyBody { Name = "new", State = (Protocol.Link.PropertyState)77 };
            body.Hostnames.Add(new Protocol.Link.HostnameMessage { Name = "new.cdn.localhost", Active = true });
            _log.Append(isOfUnknownKind ? new Protocol.Link.RecordPayload { PropertyId = 99 } : new() { PropertyId = 99, Property = body });
            node.CatchUp();
            node.Settle();
            node.State.Current.Unread.Keys.ShouldBe([99L]);
            if (isOfUnknownKind)
            {
                // What comes after it, and is understood, does not make up for it.
                body.State = Protocol.Link.PropertyState.Active;
                _log.Append(new Protocol.Link.RecordPayload { PropertyId = 99, Property = body });
                node.CatchUp();
                node.Settle();
                node.State.Current.Properties[99].PassThrough.ShouldBeTrue();
            }
        }
        using var upgraded = new DiskNode(_disk.AfterKill(), _log);
        upgraded.State.Current.Position.ShouldBe(1UL);
    }

    [Fact]
    public void Drops_the_store_when_it_is_another_nodes_or_of_another_log()
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "old");
            node.Settle();
        }
        using (var stranger = new DiskNode(_disk.AfterKill(), _log, id: "n2").Started())
        {
            stranger.Look("/a").ShouldBeNull();
            stranger.Disk.List().ShouldNotContain(name => name.EndsWith(".body", StringComparison.Ordinal));
        }
        using var next = new DiskNode(_disk.AfterKill(), _log).Started();
        next.Look("/a").ShouldBe("old");
        next.State.DropAll();
        next.Tier.Work();
        next.Disk.List().ShouldBeEmpty("a node that has to start from a snapshot keeps nothing");
    }

    [Theory]
    [InlineData(DiskFormat.StateFile, 20)]
    [InlineData("0000000000000001.index", 60)]
    [InlineData("0000000000000001.body", 9)]
    public void Takes_a_wrong_byte_anywhere_for_a_miss(string file, int at)
    {
        using (var node = new DiskNode(_disk, _log).Started())
        {
            node.Put("/a", "right");
            node.Settle();
        }
        var after = _disk.AfterKill();
        after[file][at] ^= 1;
        using var next = new DiskNode(after, _log).Started();
        next.Look("/a").ShouldBeNull();
        next.Put("/a", "new");
        next.Settle();
        next.Look("/a").ShouldBe("new");
    }
}
