using Paradarum.Edge.Freshness;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Storage;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Contract 1.4: a match takes every stored variant with it: each Vary variant, content coding, HEAD, range and slice, both schemes.</summary>
public sealed class A_purge_takes
{
    private const int Slice = 64 << 10;

    public static TheoryData<string, string?, string?> EveryKind =>
        new()
        {
            { "All", null, null },
            { "Extension", "mp4", null },
            { "Path", "/a/film.mp4", null },
            { "Path", "/a/film.mp4?q=1", null },
            { "Regex", "/a/film.mp4", "equals" },
            { "Regex", "/film", "contains" },
            { "Regex", "/a/", "starts_with" },
            { "Regex", ".mp4", "ends_with" },
            { "Regex", "^/a/.*4$", "regex" },
        };

    [Theory]
    [MemberData(nameof(EveryKind))]
    public async Task Every_variant_and_coding_and_what_head_and_range_are_answered_from(string type, string? value, string? matchType)
    {
        await using var site = await OnePop.StartAsync();
        Varies(site, "old");
        var visits = new (HttpMethod Method, (string, string)[] Fields)[]
        {
            (HttpMethod.Get, [("Accept-Language", "de"), ("Accept-Encoding", "gzip")]),
            (HttpMethod.Get, [("Accept-Language", "de"), ("Accept-Encoding", "br")]),
            (HttpMethod.Get, [("Accept-Language", "de")]),
            (HttpMethod.Get, [("Accept-Language", "en"), ("Accept-Encoding", "gzip")]),
            (HttpMethod.Get, []),
            (HttpMethod.Get, [("Range", "bytes=0-6"), ("Accept-Language", "de")]),
            (HttpMethod.Get, [("Range", "bytes=0-0,4-6"), ("Accept-Language", "de")]),
            (HttpMethod.Head, [("Accept-Language", "de")]),
        };
        foreach (var (method, fields) in visits)
            await site.Visitor.SendAsync(method, "/a/film.mp4?q=1", fields);
        foreach (var (method, fields) in visits)
            (await site.Visitor.SendAsync(method, "/a/film.mp4?q=1", fields)).Cache.ShouldBe("HIT");

        Varies(site, "newer");
        site.Purge(type, value, matchType);
        foreach (var (method, fields) in visits.Reverse())
        {
            var visit = await site.Visitor.SendAsync(method, "/a/film.mp4?q=1", fields);
            visit.Headers["X-Version"].ShouldBe("newer");
            if (method == HttpMethod.Get)
                visit.Body.ShouldStartWith("newer");
        }

        static void Varies(OnePop site, string version) =>
            site.Origin.Script = exchange =>
                exchange.RespondAsync(
                    $"{version} {exchange.Request["Accept-Language"]} {exchange.Request["Accept-Encoding"]}",
                    $"Cache-Control: max-age=60 | Vary: Accept-Language, Accept-Encoding | X-Version: {version}"
                );
    }

    /// <summary>The known failure of a peer: its purge stopped at the first gap, and later slices stayed.</summary>
    [Theory]
    [MemberData(nameof(EveryKind))]
    public async Task Every_slice_also_behind_gaps(string type, string? value, string? matchType)
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices);
        var old = new LargeFile(40 * Slice);
        site.Origin.Script = exchange => exchange.Request.Target == "/else" ? exchange.RespondAsync("hello") : old.AnswerAsync(exchange);
        foreach (var at in new[] { 0, 3, 4, 17, 39 })
            await Download.GetAsync(site.Pop, "/a/film.mp4?q=1", ("Range", $"bytes={at * Slice}-{(at * Slice) + 9}"));
        await site.Visitor.GetAsync("/else");
        // The last of a visitor's bytes may come before the slice that they are of is stored.
        await Eventually.Async(() => site.Pop.State.Index.CountOf(Site.Id) == 1 + 5 + 1);

        // A slice of the same tag and other bytes shows whether an old one is used again.
        var next = new LargeFile(40 * Slice, version: 2) { Tag = old.Tag };
        site.Origin.Script = next.AnswerAsync;
        site.Purge(type, value, matchType);
        foreach (var at in new[] { 39, 4, 0, 17, 3 })
        {
            var part = await Download.GetAsync(site.Pop, "/a/film.mp4?q=1", ("Range", $"bytes={at * Slice}-{(at * Slice) + 9}"));
            part.Bytes.ShouldBe(next.Bytes(at * Slice, 10));
        }
    }

    [Theory]
    [MemberData(nameof(EveryKind))]
    public async Task What_lies_in_the_zone_of_the_other_scheme(string type, string? value, string? matchType)
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices);
        foreach (var scheme in new[] { "http", "https" })
        {
            PutSliced(site, scheme, "/a/film.mp4?q=1");
            PutSliced(site, scheme, "/b/other.bin");
        }
        site.Pop.State.Index.CountOf(Site.Id).ShouldBe(2 * 2 * 4);
        site.Purge(type, value, matchType);
        await Eventually.Async(() =>
        {
            site.Pop.Time.Advance(TimeSpan.FromSeconds(1)); // the sweeper rests between two sweeps
            return Task.FromResult(site.Pop.State.Index.CountOf(Site.Id) == (type == "All" ? 0 : 2 * 4));
        });
        site.Pop.Store.Count.ShouldBe(type == "All" ? 0 : 2 * 4);
        site.Pop.State.TakeCounts().Sum(count => count.Objects).ShouldBe(type == "All" ? 16 : 8);
    }

    [Theory]
    [MemberData(nameof(EveryKind))]
    public async Task Slices_in_flight_which_neither_store_nor_are_joined(string type, string? value, string? matchType)
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices with { SlicesAhead = 0 });
        var (old, gate) = (new LargeFile(8 * Slice), new Gate());
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request["Range"] == $"bytes={2 * Slice}-{(3 * Slice) - 1}")
                await gate.PassAsync();
            await old.AnswerAsync(exchange);
        };
        var before = Download.GetAsync(site.Pop, "/a/film.mp4?q=1", ("Range", $"bytes={2 * Slice}-{(2 * Slice) + 9}"));
        await gate.Arrived;

        // The same tag: were the old fetch joined, nothing but the bytes would tell.
        var next = new LargeFile(8 * Slice, version: 2) { Tag = old.Tag };
        site.Origin.Script = next.AnswerAsync;
        site.Purge(type, value, matchType);
        var after = await Download.GetAsync(site.Pop, "/a/film.mp4?q=1", ("Range", $"bytes={2 * Slice}-{(2 * Slice) + 9}"));
        gate.Open();

        after.Bytes.ShouldBe(next.Bytes(2 * Slice, 10));
        (await before).Bytes.ShouldBe(old.Bytes(2 * Slice, 10));
        var last = await Download.GetAsync(site.Pop, "/a/film.mp4?q=1", ("Range", $"bytes={2 * Slice}-{(2 * Slice) + 9}"));
        (last.Cache, last.Bytes.AsSpan().SequenceEqual(next.Bytes(2 * Slice, 10))).ShouldBe(("HIT", true));
    }

    /// <summary>Design section 3: a response already on its way finishes; of slices, as long as the origin still has that body.</summary>
    [Fact]
    public async Task No_download_under_way_that_its_origin_still_has()
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices);
        var file = new LargeFile(600 * Slice);
        site.Origin.Script = file.AnswerAsync;
        await using var download = await Download.BeginAsync(site.Pop, "/a/film.mp4");
        (await download.ReadAsync(1000)).ShouldBe(file.Bytes(0, 1000));
        site.Purge("All");
        (await download.RestAsync()).AsSpan().SequenceEqual(file.Bytes(1000, (600 * Slice) - 1000)).ShouldBeTrue();
        // What was fetched after the purge is good for others.
        site.Pop.State.Index.Entries(Site.Id).Count(entry => entry.Stamp == site.Log.Head).ShouldBeGreaterThan(100);
    }

    [Fact]
    public async Task And_an_unsafe_request_too_every_slice_and_those_in_flight()
    {
        await using var site = await OnePop.StartAsync(options: Download.SmallSlices);
        var file = new LargeFile(8 * Slice);
        site.Origin.Script = file.AnswerAsync;
        await Download.GetAsync(site.Pop, "/film");
        site.Pop.State.Index.Remove(site.Pop.State.Index.Entries(Site.Id).First(entry => entry.Slice is { First: Slice }));
        var gate = new Gate();
        site.Origin.Script = async exchange =>
        {
            if (exchange.Request.Method == "PUT")
            {
                await exchange.RespondAsync("", "", "204 No Content");
                return;
            }
            await gate.PassAsync();
            await file.AnswerAsync(exchange);
        };
        var before = Download.GetAsync(site.Pop, "/film", ("Range", $"bytes={Slice}-{Slice + 9}"));
        await gate.Arrived;
        await site.Visitor.SendAsync(HttpMethod.Put, "/film");
        site.Pop.State.Index.CountOf(Site.Id).ShouldBe(0);
        gate.Open();
        (await before).Bytes.ShouldBe(file.Bytes(Slice, 10));
        await Eventually.Async(() => !site.Pop.State.Index.Fetches(Site.Id).Any());
        site.Pop.State.Index.CountOf(Site.Id).ShouldBe(0);
    }

    /// <summary>A head and three of its slices with gaps between them, as a node stores them, in the zone of one scheme.</summary>
    private static void PutSliced(OnePop site, string scheme, string path)
    {
        CanonicalTarget.Parse(path).Ok(out var target, out _).ShouldBeTrue();
        var key = new CacheKey(scheme, Site.Host, target);
        var body = new SlicedBody("\"v1\"", 10 * Slice);
        var plan = new FetchPlan(Site.Id, key, target, Freshness.Fields.Read(""), "", "HTTP/1.1", false, null, false, null, 0, 0);
        var flight = new Flight(plan, 1, new GrowingBody(1024, 1024));
        var state = site.Pop.State;
        state.Index.Register(flight);
        flight.Begin(state.Current.Position, state.Current.Generation);
        var freshness = default(StoredFreshness) with { ResponseTime = site.Pop.Time.GetUtcNow() };
        site.Pop.Store.Put(
                new StoredResponse(flight, 200, Freshness.Fields.Read("ETag: \"v1\""), StoredBody.InSlices(body), freshness, VaryKey.None),
                flight
            )
            .ShouldBeTrue();
        foreach (var at in new[] { 0, 4, 9 })
        {
            var bytes = new StoredBody([new byte[Slice]], Slice, Slice);
            site.Pop.Store.Put(new StoredSlice(flight, SliceId.At(body, at * Slice, Slice), bytes), flight).ShouldBeTrue();
        }
        state.Index.Release(flight);
    }
}
