using CsCheck;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>
/// The model: pages get new versions and are renewed by a 304, purges come, the disk is written, fills and fails, visitors read from it, also in the middle of a write, and the process is killed or the power
/// goes at any change of any file. Whatever happens, a node that has caught up with the log
/// serves no version that a purge took, and no bytes that were never a version.
/// </summary>
public sealed class Whatever_is_cut
{
    private static readonly string[] Urls = ["/a", "/b.jpg", "/b.jpg?x=1", "/c/d"];

    private static readonly (string Type, string? Value, string? Match, int[] Takes)[] Rules =
    [
        ("All", null, null, [0, 1, 2, 3]),
        ("Extension", "jpg", null, [1, 2]),
        ("Path", "/a", null, [0]),
        ("Path", "/b.jpg?x=1", null, [2]),
        ("Regex", "/c", "starts_with", [3]),
        ("Regex", "^/[ab]", null, [0, 1, 2]),
        ("Path", "/nothing", null, []),
    ];

    private enum Event
    {
        Put,
        Purge,
        Apply,
        Sweep,
        Write,
        Evict,
        Kill,
        PowerCut,
        CutSoon,
        Load,
        Look,
        Drop,
        Renew,
        Read,
        Fail,
        Meanwhile,
    }

    /// <summary>What may come while the writer waits for the disk.</summary>
    private static readonly Event[] AtAnyTime = [Event.Put, Event.Purge, Event.Apply, Event.Sweep, Event.Renew, Event.Read];

    [Fact]
    public void Nothing_that_was_purged_is_served_and_never_wrong_bytes() =>
        Gen.Select(Gen.Enum<Event>(), Gen.Int[0, 1000])
            .List[1, 60]
            .Sample(schedule => new Run().Broken(schedule).ShouldBeNull(), iter: 3000);

    [Fact]
    public void Not_even_when_every_single_change_is_the_last_one()
    {
        var survived = 0;
        for (var cut = 0; ; cut++)
        {
            var log = DiskNode.NewLog();
            var disk = new PowerCutDisk();
            var wasCut = IsCut(
                disk,
                log,
                cut,
                node =>
                {
                    node.Put("/a", "old a");
                    node.Put("/b", "b");
                    node.Settle();
                    node.Put("/c.jpg", "old c");
                    node.Tier.Work();
                    node.Purge("Path", "/a");
                    node.Purge("Extension", "jpg");
                    node.Settle();
                    node.Put("/a", "new a");
                    node.Settle();
                }
            );
            for (var luck = 0; luck < 20; luck++)
            {
                var found = luck == 0 ? disk.AfterKill() : disk.AfterPowerCut(new Random((cut * 100) + luck));
                using var next = new DiskNode(found, log).Started();
                var purged = next.State.Current.Position == 3;
                if (purged)
                {
                    (next.Look("/a") ?? "new a").ShouldBe("new a", $"cut at {cut}, {luck}");
                    next.Look("/c.jpg").ShouldBeNull($"cut at {cut}, {luck}");
                }
                (next.Look("/b") ?? "b").ShouldBe("b");
                survived += next.Look("/b") is null ? 0 : 1;
            }
            if (!wasCut)
                break;
        }
        survived.ShouldBeGreaterThan(0, "else nothing was tested");
    }

    /// <summary>A node that does this on a disk which ends after so many changes; false when they were fewer.</summary>
    private static bool IsCut(PowerCutDisk disk, TestLog log, int changes, Action<DiskNode> does)
    {
        try
        {
            using var node = new DiskNode(disk, log).Started();
            disk.CutAfter(changes);
            does(node);
            return false;
        }
        catch (PowerCutException)
        {
            return true;
        }
    }

    [Fact]
    public void What_a_durable_cursor_rests_on_is_on_the_medium_before_the_cursor_is()
    {
        var found = 0;
        for (var cut = 0; ; cut++)
        {
            var log = DiskNode.NewLog();
            var disk = new PowerCutDisk();
            var wasCut = IsCut(
                disk,
                log,
                cut,
                node =>
                {
                    node.Put("/a", ""); // bodies are not waited for, so there is none
                    node.Put("/b", "");
                    node.Purge("Path", "/nothing"); // so that the next cursor covers the two
                    node.Settle();
                    node.Tier.Work(isLast: true); // the cursor is not put off
                }
            );
            for (var luck = 0; luck < 30; luck++)
            {
                using var next = new DiskNode(disk.AfterPowerCut(new Random((cut * 100) + luck)), log);
                if (next.State.Current.Position < 2)
                    continue;
                // It presents the position of the purge: then nothing that it tested, and no removal, may be missing.
                found++;
                next.Tier.Load(default);
                next.Index.Count.ShouldBe(2, $"cut at {cut}, {luck}");
            }
            if (!wasCut)
                break;
        }
        found.ShouldBeGreaterThan(30, "else no cursor was written before the cut");
    }

    [Fact]
    public void Nothing_that_was_purged_comes_back_whichever_byte_of_an_index_the_disk_has_changed()
    {
        var log = DiskNode.NewLog();
        using var node = new DiskNode(new PowerCutDisk(), log).Started();
        node.Put("/a", "old");
        node.Put("/b", "b");
        node.Settle();
        node.Purge("Path", "/a");
        node.Settle();
        node.Tier.Work(isLast: true);

        var index = DiskFormat.IndexName(1);
        var length = node.Disk.AfterKill()[index].Length;
        for (var at = 0; at < length; at++)
        {
            var damaged = node.Disk.AfterKill();
            damaged[index][at] ^= 1;
            using var next = new DiskNode(damaged, log);
            next.State.Current.Position.ShouldBe(2UL, "it stands behind the purge, which nobody sends again");
            next.Started().Look("/a").ShouldBeNull($"byte {at}");
        }
        using var whole = new DiskNode(node.Disk.AfterKill(), log).Started();
        whole.Look("/b").ShouldBe("b");
    }

    [Fact]
    public void No_bytes_of_a_body_that_failed_are_taken_for_those_of_the_next()
    {
        for (var luck = 0; luck < 100; luck++)
        {
            var log = DiskNode.NewLog();
            var disk = new PowerCutDisk();
            using var node = new DiskNode(disk, log).Started();
            node.Put("/first", "x");
            node.Settle();
            // Two chunks; there is no room for the second.
            disk.Room = DiskFormat.ChunkBytes + 100;
            node.Put("/a", new string('a', 2 * DiskFormat.ChunkBytes));
            node.Tier.Work();
            node.Tier.Figures.Faults.Writes.ShouldBe(1);
            disk.Room = long.MaxValue;
            node.Purge("Path", "/a");
            node.Time.Advance(DiskHealth.LongestWriteRest);
            node.Put("/b", new string('b', 2 * DiskFormat.ChunkBytes));
            node.Settle();
            using var next = new DiskNode(disk.AfterPowerCut(new Random(luck)), log).Started();
            (next.Look("/b") ?? "").ShouldNotContain("a", customMessage: $"{luck}");
        }
    }

    [Fact]
    public void No_tail_of_an_index_that_a_start_cut_off_comes_back()
    {
        var found = 0;
        for (var luck = 0; luck < 300; luck++)
        {
            var log = DiskNode.NewLog();
            var disk = new PowerCutDisk();
            using (var node = new DiskNode(disk, log).Started())
            {
                node.Put("/a", "a");
                node.Put("/b", "b");
                node.Settle();
                node.Tier.Work(isLast: true);
                Invalidate(node, "/a");
                node.Tier.Work();
                node.Put("/y", "old");
                node.Tier.Work();
            }
            // The removal is lost, the head behind it is kept: a start reads neither.
            var left = disk.AfterPowerCut(new Random(luck));
            using var second = new DiskNode(left, log).Started();
            if (
                second.Find("/y") is not null
                || second.Find("/b") is null
                || left[DiskFormat.IndexName(1)].Length == disk[DiskFormat.IndexName(1)].Length
            )
                continue;
            found++;
            second.Purge("Path", "/y");
            second.Settle();
            second.Tier.Work(isLast: true);
            second.Tier.Figures.Durable.ShouldBe(2UL);
            // Another removal comes to the place of the lost one, and the power goes again.
            Invalidate(second, "/b");
            second.Time.AutoAdvanceAmount = TimeSpan.Zero;
            second.Tier.Work();
            for (var again = 0; again < 30; again++)
            {
                using var third = new DiskNode(left.AfterPowerCut(new Random(again)), log).Started();
                third.Look("/y").ShouldBeNull($"{luck}, {again}");
            }
        }
        found.ShouldBeGreaterThan(0, "else nothing was tested");

        static void Invalidate(DiskNode node, string url) =>
            node.Index.Invalidate(DiskNode.Property, DiskNode.Host, url, Purging.TestNode.Target(url));
    }

    private sealed class Run
    {
        private readonly Paradarum.Testing.Edge.TestLog _log = DiskNode.NewLog();
        private readonly List<(ulong Position, int[] Takes)> _purges = [];
        private readonly Dictionary<string, (int Url, ulong Stamp)> _versions = [];
        private PowerCutDisk _disk = new();
        private DiskNode _node;
        private bool _loaded;

        public Run() => _node = Start();

        public string? Broken(List<(Event Event, int With)> schedule)
        {
            try
            {
                foreach (var (what, with) in schedule)
                {
                    try
                    {
                        Do(what, with);
                    }
                    catch (PowerCutException)
                    {
                        Restart(_disk.AfterPowerCut(new Random(with)));
                    }
                    if (Wrong() is { } wrong)
                        return wrong;
                }
                return null;
            }
            finally
            {
                _node.Dispose();
            }
        }

        private void Do(Event what, int with)
        {
            switch (what)
            {
                case Event.Put:
                    var (url, version) = (with % Urls.Length, $"{Urls[with % Urls.Length]} {_versions.Count} {new string('x', with * 40)}");
                    _versions.Add(version, (url, _node.State.Current.Position));
                    _node.Put(Urls[url], version);
                    break;
                case Event.Purge:
                    var (type, value, match, takes) = Rules[with % Rules.Length];
                    _purges.Add((_log.Purge(DiskNode.Property, type, value, match), takes));
                    break;
                case Event.Apply:
                    _node.CatchUp(_node.State.Current.Position + 1 + (ulong)(with % 3));
                    break;
                case Event.Sweep:
                    _node.Sweeper.SweepAll();
                    break;
                case Event.Write when _loaded:
                    _node.Tier.Work();
                    break;
                case Event.Evict when _loaded:
                    // More than the memory holds: older bodies go to disk, and old segments go.
                    for (var n = 0; n < 10; n++)
                        _node.Put($"/filler/{with}/{n}", new string('f', 60_000));
                    _node.Tier.Work();
                    break;
                case Event.Kill:
                    Restart(_disk.AfterKill());
                    break;
                case Event.PowerCut:
                    Restart(_disk.AfterPowerCut(new Random(with)));
                    break;
                case Event.CutSoon:
                    _disk.CutAfter(with % 12);
                    break;
                case Event.Load:
                    Load();
                    break;
                case Event.Renew when Find(with) is not null:
                    _node.Renew(Urls[with % Urls.Length]);
                    break;
                case Event.Read when Find(with) is { } read:
                    // Real threads read; the clock must not say that they come too late.
                    var pace = _node.Time.AutoAdvanceAmount;
                    _node.Time.AutoAdvanceAmount = TimeSpan.Zero;
                    _node.Store.IsReadyAsync(read, default).AsTask().GetAwaiter().GetResult();
                    _node.Time.AutoAdvanceAmount = pace;
                    break;
                case Event.Fail:
                    (_disk.WritesFail, _disk.DeletesFail) = (with % 4 == 0, with % 4 == 1);
                    _node.Time.Advance(DiskHealth.LongestWriteRest);
                    break;
                case Event.Meanwhile:
                    var writes = with % 3;
                    _disk.Writing = () =>
                    {
                        if (writes-- > 0)
                            return;
                        _disk.Writing = null;
                        Do(AtAnyTime[with % AtAnyTime.Length], with);
                    };
                    break;
                case Event.Drop when with % 10 == 0:
                    _node.State.Replace(_log.Epoch, 0, Protocol.Log.Chain.Origin(_log.Epoch), []);
                    break;
            }
        }

        /// <summary>The entry of a page that a visitor would be answered with.</summary>
        private Paradarum.Edge.Storage.StoredResponse? Find(int with) =>
            _node.Find(Urls[with % Urls.Length]) is { } entry && Fence.Test(_node.State.Current, entry).MayBeUsed ? entry : null;

        private void Load()
        {
            if (!_loaded)
                _node.Tier.Load(default);
            _loaded = true;
        }

        private DiskNode Start()
        {
            var node = new DiskNode(_disk, _log, bytes: 1 << 20, memory: 256 << 10);
            _loaded = false;
            return node;
        }

        private void Restart(PowerCutDisk disk)
        {
            _node.Dispose();
            _disk = disk;
            _node = Start();
        }

        /// <summary>What it would serve of its own word at this position.</summary>
        private string? Wrong()
        {
            var position = _node.State.Current.Position;
            for (var url = 0; url < Urls.Length; url++)
            {
                if (_node.Look(Urls[url]) is not { } served)
                    continue;
                if (!_versions.TryGetValue(served, out var version) || version.Url != url)
                    return $"{Urls[url]} was answered with what it never was";
                foreach (
                    var purge in _purges.Where(purge =>
                        purge.Position <= position && purge.Position > version.Stamp && purge.Takes.Contains(url)
                    )
                )
                    return $"{Urls[url]} of {version.Stamp} is served at {position} although purged at {purge.Position}";
            }
            return null;
        }
    }
}
