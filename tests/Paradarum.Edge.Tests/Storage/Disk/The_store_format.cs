using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Edge.Tests.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;

namespace Paradarum.Edge.Tests.Storage.Disk;

/// <summary>docs/formats/store.md: these bytes outlive a process. A changed golden file is a changed format, never a fixed test; those of former versions stay, and are read.</summary>
public sealed class The_store_format
{
    private const ulong Store = 0x1122_3344_5566_7788;
    private static readonly string Golden = Path.Combine(SourceTree.Root, "tests", "Paradarum.Edge.Tests", "Storage", "Disk", "Golden");
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Is_written_as_the_golden_files_of_this_version()
    {
        var disk = Written();
        var folder = Path.Combine(Golden, $"v{DiskFormat.Version}");
        foreach (var name in disk.List())
            File.ReadAllBytes(Path.Combine(folder, name)).ShouldBe(disk[name], name);
        Directory.GetFiles(folder).Length.ShouldBe(disk.List().Count);
    }

    [Fact]
    public void Of_every_former_version_is_read()
    {
        foreach (var folder in Directory.GetDirectories(Golden))
        {
            var disk = new PowerCutDisk();
            foreach (var file in Directory.GetFiles(folder))
                disk[Path.GetFileName(file)] = File.ReadAllBytes(file);
            using var readers = new DiskReaders(new DiskHealth(TimeProvider.System));
            var log = new SegmentLog(disk, readers, 1 << 20);
            var recovery = new StoreRecovery(disk, "n1", NullLogger.Instance);
            var state = recovery.Open(log).ShouldNotBeNull(folder);
            state.Cursor.Position.ShouldBe(5UL);
            state.Cursor.Properties.Single().LastPurge.ShouldBe(4UL);
            var (segment, entries) = recovery.Load(state, log).Single();
            var (head, entry, _) = entries.ShouldHaveSingleItem("the other one is removed");
            entry.Key.ShouldBe(new CacheKey("https", "site.cdn.localhost", TestNode.Target("/a?x=1")));
            (entry.Stamp, entry.Status).ShouldBe((3UL, 200));
            var body = new DiskBody(readers, segment, entry.Offset, head, entry.Length);
            DiskNode.BytesOf(entry.ToEntry(body, 5, 0)).ShouldBe("english");
            entry.Vary.Values.ShouldBe(["en"]);
        }
    }

    [Fact]
    public void Of_a_later_version_is_not_read()
    {
        var bytes = new StoreState(Store, 1, [], new SnapshotPart()).ToBytes("n1");
        bytes[4]++;
        StoreState.Read(bytes, "n1").Fault.ShouldBe(StoreFault.Torn, "its checksum covers the version too");
        bytes[6]++;
        StoreState.Read(bytes, "n1").Fault.ShouldBe(StoreFault.LaterVersion);
        StoreState.Read(new StoreState(Store, 1, [], new SnapshotPart()).ToBytes("n1"), "n2").Fault.ShouldBe(StoreFault.OtherNode);
    }

    [Fact]
    public void Cut_at_any_byte_or_with_any_byte_changed_reads_as_what_it_is_or_not_at_all()
    {
        var disk = Written();
        var index = disk[DiskFormat.IndexName(1)];
        var whole = Records(index);
        for (var length = 0; length < index.Length; length++)
        {
            var read = Records(index[..length]);
            read.ShouldBe(whole[..read.Count]);
            read.Count.ShouldBeLessThan(whole.Count);
        }
        for (var at = 0; at < index.Length; at++)
        {
            var changed = index.ToArray();
            changed[at] ^= 0x40;
            var read = Records(changed);
            read.ShouldBe(whole[..read.Count]);
            read.Count.ShouldBeLessThan(whole.Count);
            var state = disk[DiskFormat.StateFile].ToArray();
            state[at % state.Length] ^= 0x40;
            StoreState.Read(state, "n1").State.ShouldBeNull();
        }
    }

    [Fact]
    public void Holds_everything_of_a_stored_response()
    {
        // A property that is not named here is not written to disk, so it would be lost, or worse: decide, write it in HeadRecord, raise the version.
        Names(typeof(StoredResponse))
            .ShouldBe([
                "Body",
                "CheckedAt", // begins at the cursor
                "Disk",
                "Fetched",
                "Freshness",
                "Generation",
                "Groups",
                "HeadSize",
                "Headers",
                "IsRemoved",
                "Key",
                "PropertyId",
                "Size",
                "Slice", // slices are in memory alone
                "Stamp",
                "Status",
                "UsedAt", // begins anew
                "Vary",
            ]);
        Names(typeof(StoredFreshness))
            .ShouldBe([
                "AllowsAuthorized",
                "InitialAge",
                "Lifetime",
                "MustRevalidate",
                "NoCache",
                "ResponseTime",
                "StaleIfError",
                "StaleWhileRevalidate",
            ]);
        Names(typeof(Lifetime)).ShouldBe(["IsDirected", "IsExplicit", "Source", "Value"]);
        Names(typeof(VaryKey)).ShouldBe(["Names", "Values"]);
        Names(typeof(CacheKey)).ShouldBe(["Host", "Parts", "Scheme", "Scope", "Target"]);
        Names(typeof(KeyScope)).ShouldBe(["Host", "Parts", "Scheme"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("=DE\n\n=EUR\n")]
    public void Keeps_what_a_cache_rule_has_put_into_the_key(string parts)
    {
        // Lost, and the entry of one visitor would be the answer to another.
        var target = TestNode.Target("/a?x=1");
        var fetch = new TestFetch(7, new CacheKey("https", "site.cdn.localhost", target, parts), target);
        fetch.Begin(3, 0);
        var written = new System.Buffers.ArrayBufferWriter<byte>();
        HeadRecord.Write(written, DiskNode.Response(fetch, "body", Now, "en"), 0, 4);
        HeadRecord.Read(written.WrittenSpan, new SharedTexts()).Key.ShouldBe(fetch.Key);
    }

    [Fact]
    public void Does_not_read_times_that_no_calculation_can_hold()
    {
        // The fuzzer's: it read, and then every request for the entry threw.
        var head = File.ReadAllBytes(Path.Combine(SourceTree.Root, "tests", "Paradarum.Fuzz", "Seeds", "entry", "endless"));
        Should.Throw<RecordException>(() => HeadRecord.Read(head, new SharedTexts())).Message.ShouldContain("out of range");
    }

    private static string[] Names(Type type) =>
        [
            .. type.GetProperties(
                    System.Reflection.BindingFlags.Instance
                        | System.Reflection.BindingFlags.Public
                        | System.Reflection.BindingFlags.NonPublic
                )
                .Select(property => property.Name)
                .Where(name => name != "EqualityContract")
                .Order(StringComparer.Ordinal),
        ];

    private static List<string> Records(byte[] index)
    {
        var records = new List<string>();
        if (!IndexJournal.IsHeader(index, Store, 1))
            return records;
        for (var at = DiskFormat.IndexHeaderBytes; IndexJournal.TryRead(index, 1, at, out var kind, out var body, out var next); at = next)
            records.Add($"{kind} {Convert.ToHexString(body)}");
        return records;
    }

    private static PowerCutDisk Written()
    {
        var disk = new PowerCutDisk();
        using var readers = new DiskReaders(new DiskHealth(TimeProvider.System));
        var log = new SegmentLog(disk, readers, 1 << 20);
        log.Begin(Store, 1);
        var gone = log.Write(Entry("/gone", "x", "de"), Entry("/gone", "x", "de").Body);
        var kept = Entry("/a?x=1", "english", "en");
        log.Write(kept, kept.Body);
        log.Remove(gone);
        log.Flush();
        log.Sync();
        var cursor = new SnapshotPart
        {
            Epoch = "0123456789abcdef0123456789abcdef",
            Position = 5,
            Hash = ByteString.CopyFrom(new byte[32]),
            Last = true,
            Properties =
            {
                new PropertySnapshot
                {
                    PropertyId = 7,
                    LastPurge = 4,
                    LastConfiguration = 1,
                    Property = new PropertyBody { Name = "site" },
                },
            },
        };
        disk.Replace(
            DiskFormat.StateFile,
            new StoreState(Store, log.NextSegment, [(1, log.Segments[0].IndexWritten)], cursor).ToBytes("n1")
        );
        return disk;
    }

    private static StoredResponse Entry(string url, string body, string language)
    {
        var target = TestNode.Target(url);
        var fetch = new TestFetch(7, new CacheKey("https", "site.cdn.localhost", target), target);
        fetch.Begin(3, 0);
        fetch.RaiseCheckedAt(4);
        return DiskNode.Response(fetch, body, Now, language);
    }
}
