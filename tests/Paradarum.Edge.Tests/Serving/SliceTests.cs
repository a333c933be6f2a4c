using System.Net;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Bodies above the bound for whole storage (docs/decisions/slices.md).</summary>
public sealed class A_large_file
{
    private const int Slice = 64 << 10;

    private static readonly LargeFile File = new((10 * Slice) + 123);

    [Fact]
    public async Task Is_fetched_once_in_slices_and_then_answered_whole_and_in_parts()
    {
        await using var site = await StartAsync();
        var first = await Download.GetAsync(site.Pop, "/film");
        (first.Status, first.Cache).ShouldBe((HttpStatusCode.OK, "MISS"));
        first.Bytes.ShouldBe(Whole);
        // The head once, whose body was not read, and each slice once.
        site.Origin.CountOf("/film").ShouldBe(12);
        site.Origin.Requests.Skip(1).Select(request => request["If-Range"]).ShouldAllBe(tag => tag == File.Tag);

        var again = await Download.GetAsync(site.Pop, "/film");
        again.Cache.ShouldBe("HIT");
        again.Bytes.ShouldBe(Whole);
        foreach (
            var (range, start, end) in new[] { ("0-0", 0, 1), ("65530-131080", 65530, 131081), ("-200", Whole.Length - 200, Whole.Length) }
        )
        {
            var part = await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=" + range), ("If-Range", File.Tag));
            (part.Status, part.Cache).ShouldBe((HttpStatusCode.PartialContent, "HIT"));
            part.Bytes.ShouldBe(Whole[start..end]);
        }
        var head = await site.Visitor.SendAsync(HttpMethod.Head, "/film", ("Range", "bytes=0-1"));
        (head.Status, head.Cache, head.Headers["Content-Length"]).ShouldBe((HttpStatusCode.OK, "HIT", Whole.Length.ToString()));
        (await site.Visitor.GetAsync("/film", ("If-None-Match", File.Tag))).Status.ShouldBe(HttpStatusCode.NotModified);
        ((int)(await site.Visitor.GetAsync("/film", ("Range", $"bytes={Whole.Length}-"))).Status).ShouldBe(416);
        site.Origin.CountOf("/film").ShouldBe(12);
    }

    [Fact]
    public async Task Sends_several_parts_from_slices_far_apart()
    {
        await using var site = await StartAsync();
        await using var parts = await Download.BeginAsync(site.Pop, "/film", ("Range", "bytes=600000-600009,5-9"));
        parts.Status.ShouldBe(HttpStatusCode.PartialContent);
        var text = System.Text.Encoding.Latin1.GetString(await parts.RestAsync());
        text.ShouldContain(System.Text.Encoding.Latin1.GetString(Whole[600000..600010]));
        text.ShouldContain(System.Text.Encoding.Latin1.GetString(Whole[5..10]));
        // The head, the two slices, and no more.
        site.Origin.CountOf("/film").ShouldBe(3);
    }

    [Fact]
    public async Task Of_10_GB_is_cut_at_any_place_with_the_slices_of_that_place_alone()
    {
        await using var site = await StartAsync();
        var huge = new LargeFile(10_000_000_000);
        site.Origin.Script = huge.AnswerAsync;
        foreach (var at in new[] { 0L, 4_999_999_990, 9_900_000_000, 9_999_999_980 })
        {
            var part = await Download.GetAsync(site.Pop, "/film", ("Range", $"bytes={at}-{at + 19}"));
            part.Status.ShouldBe(HttpStatusCode.PartialContent);
            part.Bytes.ShouldBe(huge.Bytes(at, 20));
        }
        using var raw = new RawConnection(site.Pop.Port);
        var head = await raw.SendAsync(
            System.Text.Encoding.ASCII.GetBytes($"HEAD /film HTTP/1.1\r\nHost: {Site.Host}\r\n\r\n"),
            isHead: true
        );
        (head!.Status, head["X-Cache"], head["Content-Length"]).ShouldBe((200, "HIT", "10000000000"));
        site.Origin.CountOf("/film").ShouldBe(5);
        site.Pop.Store.Bytes.ShouldBeLessThan(5 * (Slice + 4096));
    }

    [Fact]
    public async Task Is_fetched_once_for_all_who_ask_at_the_same_time()
    {
        await using var site = await StartAsync();
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            await gate.PassAsync();
            await File.AnswerAsync(exchange);
        };
        var herd = Enumerable.Range(0, 12).Select(_ => Download.GetAsync(site.Pop, "/film")).ToArray();
        await gate.Arrived;
        gate.Open();
        foreach (var one in await Task.WhenAll(herd))
            one.Bytes.ShouldBe(Whole);
        site.Origin.CountOf("/film").ShouldBe(12);
    }

    [Fact]
    public async Task Is_read_from_no_stored_slice_for_a_visit_that_is_behind_a_purge()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film");
        var body = ((StoredResponse)site.Pop.State.Index.Entries(Site.Id).Single(entry => entry.Slice is null)).Body.Slices!;
        foreach (var isBehind in new[] { false, true })
        {
            var visit = Visits.Of(site, LeaseState.Leased, promised: isBehind ? site.Log.Head + 1 : 0, path: "/film");
            using var slices = new SliceReader(TestNode.Pop() with { SliceBytes = Slice }, site.Pop.State, site.Pop.Fetches, visit, body);
            (await slices.OpenAsync(0, Slice, CancellationToken.None)).ShouldBeTrue();
            slices.IsFetched.ShouldBe(isBehind);
        }
    }

    [Fact]
    public async Task Has_its_gaps_filled_when_a_visitor_comes_to_them()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film");
        foreach (var slice in Slices(site).Where(slice => slice.Slice!.First is 3 * Slice or 4 * Slice or 9 * Slice).ToArray())
            site.Pop.State.Index.Remove(slice).ShouldBeTrue();
        var again = await Download.GetAsync(site.Pop, "/film");
        (again.Cache, site.Origin.CountOf("/film")).ShouldBe(("HIT", 15));
        again.Bytes.ShouldBe(Whole);
    }

    [Fact]
    public async Task Says_partial_where_the_first_slice_that_is_wanted_is_not_stored()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=0-9"));
        await using var other = await Download.BeginAsync(site.Pop, "/film", ("Range", "bytes=500000-500009"));
        (other["X-Cache"], other["Cache-Status"]).ShouldBe(("MISS", "paradarum-pop1; fwd=partial; fwd-status=206; ttl=60"));
    }

    /// <summary>Never mixed: what was sent of the former body does not go on with bytes of the next.</summary>
    [Fact]
    public async Task That_changes_under_way_ends_the_connection_and_is_forgotten()
    {
        await using var site = await StartAsync();
        // More than all buffers on the way to the visitor hold.
        var (former, next) = (new LargeFile(600 * Slice), new LargeFile(600 * Slice, version: 2));
        site.Origin.Script = former.AnswerAsync;
        await using var download = await Download.BeginAsync(site.Pop, "/film");
        (await download.ReadAsync(10)).ShouldBe(former.Bytes(0, 10));
        site.Origin.Script = next.AnswerAsync;
        site.Purge("Path", "/film");

        var rest = await download.UntilItBreaksAsync();
        rest.Length.ShouldBeLessThan(599 * Slice);
        rest.AsSpan().SequenceEqual(former.Bytes(10, rest.Length)).ShouldBeTrue("bytes of another body were sent");
        await Eventually.Async(() => site.Pop.State.Index.Count == 0);
        (await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=5-9"))).Bytes.ShouldBe(next.Bytes(5, 5));
    }

    [Fact]
    public async Task That_changed_before_the_first_byte_was_sent_is_begun_anew()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=0-9"));
        var next = new LargeFile(File.Length - 7, version: 2);
        site.Origin.Script = next.AnswerAsync;
        var part = await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=300000-300009"));
        (part.Status, part.Cache).ShouldBe((HttpStatusCode.PartialContent, "MISS"));
        part.Bytes.ShouldBe(next.Bytes(300000, 10));
        Slices(site).ShouldAllBe(slice => slice.Slice!.Of.Tag == next.Tag);
    }

    [Fact]
    public async Task Goes_on_under_its_tag_when_it_was_stale_and_confirmed_and_loses_its_slices_when_it_was_not()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film");
        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        var confirmed = await Download.GetAsync(site.Pop, "/film");
        (confirmed.Cache, site.Origin.CountOf("/film")).ShouldBe(("REVALIDATED", 13));
        confirmed.Bytes.ShouldBe(Whole);

        site.Pop.Time.Advance(TimeSpan.FromSeconds(61));
        var next = new LargeFile(File.Length, version: 2);
        site.Origin.Script = next.AnswerAsync;
        (await Download.GetAsync(site.Pop, "/film")).Bytes.ShouldBe(next.Bytes(0, (int)next.Length));
        Slices(site).Select(slice => slice.Slice!.Of.Tag).Distinct().ShouldBe([next.Tag]);
    }

    [Fact]
    public async Task Asks_again_for_a_slice_that_broke_off()
    {
        await using var site = await StartAsync();
        var broke = 0;
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["Range"] is "bytes=131072-196607" && broke++ == 0)
            {
                await exchange.BeginAsync(
                    $"Cache-Control: max-age=60 | ETag: {File.Tag} | Content-Range: bytes 131072-196607/{File.Length} | Content-Length: {Slice}",
                    "206 Partial Content"
                );
                await exchange.SendAsync(Whole.AsMemory(131072, 1000));
                exchange.Close();
                return;
            }
            await File.AnswerAsync(exchange);
        };
        (await Download.GetAsync(site.Pop, "/film")).Bytes.ShouldBe(Whole);
        broke.ShouldBe(2);
    }

    [Theory]
    [InlineData("Accept-Ranges: none | ETag: \"v1\"")]
    [InlineData("ETag: \"v1\"")]
    [InlineData("Accept-Ranges: bytes | ETag: W/\"v1\"")]
    [InlineData("Accept-Ranges: bytes")]
    [InlineData("Accept-Ranges: bytes | ETag: \"v1\"")] // says so, and sends the whole all the same
    public async Task Streams_through_where_the_origin_serves_no_ranges_of_it(string fields)
    {
        await using var site = await StartAsync();
        site.Origin.Script = async exchange =>
        {
            await exchange.BeginAsync($"Cache-Control: max-age=60 | {fields} | Content-Length: {Whole.Length}");
            await exchange.SendAsync(Whole.AsMemory());
        };
        (await Download.GetAsync(site.Pop, "/film")).Bytes.ShouldBe(Whole);
        var asked = site.Origin.Requests.Count;
        (await Download.GetAsync(site.Pop, "/film")).Bytes.ShouldBe(Whole);
        // It is remembered for a while: one request each.
        site.Origin.Requests.Count.ShouldBe(asked + 1);
        site.Pop.Store.Count.ShouldBe(0);
        // A part of it is not worth all that lies before it.
        await Download.GetAsync(site.Pop, "/film", ("Range", "bytes=5-9"));
        site.Origin.Last["Range"].ShouldBe("bytes=5-9");
    }

    [Fact]
    public async Task Is_asked_of_the_shield_by_the_same_slices_and_of_the_origin_once()
    {
        await using var tiers = await TwoTiers.StartAsync(small: true);
        tiers.Origin.Script = File.AnswerAsync;
        (await Download.GetAsync(tiers.Pop, "/film")).Bytes.ShouldBe(Whole);
        tiers.Pop.State.DropAll();
        tiers.Pop.Restart();
        (await Download.GetAsync(tiers.Pop, "/film")).Bytes.ShouldBe(Whole);
        tiers.Origin.CountOf("/film").ShouldBe(12);
        tiers.Shield.State.Index.Count.ShouldBe(12);
    }

    /// <summary>G4 for each slice: a shield that has not applied the purge answers none of them from its store.</summary>
    [Fact]
    public async Task Comes_past_a_shield_that_is_behind_its_purge()
    {
        await using var tiers = await TwoTiers.StartAsync(small: true);
        tiers.Origin.Script = File.AnswerAsync;
        await Download.GetAsync(tiers.Pop, "/film");
        tiers.Log.Purge(Site.Id, "Path", "/film");
        tiers.Pop.CatchUp();
        // The tag is the same, the bytes are not: an origin that breaks the rules shows where they came from.
        var next = new LargeFile(File.Length, version: 2) { Tag = File.Tag };
        tiers.Origin.Script = next.AnswerAsync;
        (await Download.GetAsync(tiers.Pop, "/film")).Bytes.ShouldBe(next.Bytes(0, (int)next.Length));
        // Behind, the shield stores nothing; what it holds is what it had.
        tiers.Shield.State.Index.Count.ShouldBe(12);
    }

    /// <summary>G5: fenced, the head is confirmed by its strong tag first, and with it every slice under that tag.</summary>
    [Fact]
    public async Task Is_served_by_a_fenced_node_only_as_far_as_its_tag_was_confirmed()
    {
        await using var site = await StartAsync();
        await Download.GetAsync(site.Pop, "/film");
        site.Pop.IsFenced();
        var confirmed = await Download.GetAsync(site.Pop, "/film");
        (confirmed.Cache, site.Origin.CountOf("/film")).ShouldBe(("REVALIDATED", 13));
        confirmed.Bytes.ShouldBe(Whole);
        var next = new LargeFile(File.Length, version: 2);
        site.Origin.Script = next.AnswerAsync;
        (await Download.GetAsync(site.Pop, "/film")).Bytes.ShouldBe(next.Bytes(0, (int)next.Length));
    }

    private static byte[] Whole { get; } = File.Bytes(0, (int)File.Length);

    private static async Task<OnePop> StartAsync()
    {
        var site = await OnePop.StartAsync(options: Download.SmallSlices);
        site.Origin.Script = File.AnswerAsync;
        return site;
    }

    private static IEnumerable<StoredEntry> Slices(OnePop site) =>
        site.Pop.State.Index.Entries(Site.Id).Where(entry => entry.Slice is not null);
}
