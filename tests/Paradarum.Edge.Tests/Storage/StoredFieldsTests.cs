using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Tests.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Storage;

public sealed class What_a_stored_response_takes
{
    [Fact]
    public void Shares_the_texts_that_others_have_and_keeps_what_is_its_own()
    {
        var index = new EntryIndex();
        var (one, other) = (Store(index, 1), Store(index, 2));
        ReferenceEquals(one.Headers.CacheControl[0], other.Headers.CacheControl[0]).ShouldBeTrue();
        ReferenceEquals(one.Headers["X-Site"][0], other.Headers["X-Site"][0]).ShouldBeTrue();
        (one.Headers.ETag.ToString(), other.Headers.ETag.ToString()).ShouldBe(("\"1\"", "\"2\""));
        one.Headers.SetCookie.ToArray().ShouldBe(["a=1", "b=2"]);
        one.Headers.Select(field => field.Key).ShouldBe(["Date", "Content-Type", "Cache-Control", "ETag", "Age", "X-Site", "Set-Cookie"]);
    }

    [Fact]
    public void Is_written_with_all_its_fields_but_the_age_it_came_with()
    {
        var answer = new HeaderDictionary();
        Store(new EntryIndex(), 7).WriteFieldsTo(answer);
        answer.Keys.ShouldBe(["Date", "Content-Type", "Cache-Control", "ETag", "X-Site", "Set-Cookie"], ignoreOrder: true);
        answer["x-site"].ToString().ShouldBe("shop");
    }

    [Fact]
    public void Is_told_from_that_of_responses_whose_fields_have_other_names_or_another_order()
    {
        HeaderDictionary[] different =
        [
            new() { ["A"] = "1", ["B"] = "2" },
            new() { ["B"] = "2", ["A"] = "1" },
            new() { ["A"] = "2", ["B"] = "1" },
            new() { ["AB"] = "12" },
            [],
        ];
        foreach (var headers in different)
        {
            var stored = StoredFields.Of(headers);
            stored.ToArray().ShouldBe(headers.ToArray());
            stored["b"].ShouldBe(headers["b"]);
        }
    }

    [Fact]
    public void Is_what_it_is_whichever_of_its_fields_others_have_too()
    {
        for (var n = 0; n < 2_000; n++)
        {
            var headers = new HeaderDictionary
            {
                ["Server"] = Own(n % 5 == 0 ? "nginx" : "apache"),
                ["Date"] = Own("Mon, 02 Mar 2026 10:00:00 GMT"),
                ["X-Ring"] = Own($"ring {n % 3}"),
                ["Link"] = n % 2 == 0 ? new StringValues(["<a>", "<b>"]) : Own("<a>"),
                ["X-Id"] = Own($"{n}"),
                ["Empty"] = "",
            };
            if (n % 7 == 0)
                headers["Age"] = Own("3");
            var stored = StoredFields.Of(headers);
            stored.ToArray().ShouldBe(headers.ToArray());
            stored.Count.ShouldBe(headers.Count);
            foreach (var (name, value) in headers)
                stored[name.ToUpperInvariant()].ShouldBe(value);
            var answer = new HeaderDictionary();
            stored.WriteTo(answer);
            headers.Remove("Age");
            answer
                .OrderBy(field => field.Key, StringComparer.Ordinal)
                .ShouldBe(headers.OrderBy(field => field.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Says_of_its_freshness_what_was_said_when_it_was_stored()
    {
        var freshness = new StoredFreshness(
            new Lifetime(TimeSpan.FromSeconds(2_147_483_648), LifetimeSource.Heuristic),
            TimeSpan.FromMilliseconds(1234.5),
            new DateTimeOffset(2026, 3, 2, 10, 0, 0, 7, TimeSpan.Zero),
            NoCache: true,
            MustRevalidate: false,
            AllowsAuthorized: true,
            TimeSpan.FromSeconds(2_147_483_648),
            TimeSpan.FromSeconds(1)
        );
        new PackedFreshness(freshness).Unpacked.ShouldBe(freshness);
        new PackedFreshness(default).Unpacked.ShouldBe(default);
        var other = freshness with { NoCache = false, MustRevalidate = true, AllowsAuthorized = false };
        new PackedFreshness(other).Unpacked.ShouldBe(other);
    }

    internal static StoredResponse Store(EntryIndex index, int n)
    {
        var target = TestNode.Target($"/page/{n}");
        var fetch = new TestFetch(1, new CacheKey("http", "a.example", target), target);
        index.Register(fetch);
        var headers = new HeaderDictionary
        {
            ["Date"] = Own("Mon, 02 Mar 2026 10:00:00 GMT"),
            ["Content-Type"] = Own("text/html; charset=utf-8"),
            ["Cache-Control"] = Own("public, max-age=86400"),
            ["ETag"] = $"\"{n}\"",
            ["Age"] = Own("3"),
            ["X-Site"] = Own("shop"),
            ["Set-Cookie"] = new(["a=1", "b=2"]),
        };
        var entry = new StoredResponse(fetch, 200, headers, new StoredBody([new byte[16]], 16, 16), default, VaryKey.None);
        index.Add(fetch, entry).ShouldBeTrue();
        index.Release(fetch);
        return entry;
    }

    /// <summary>As they come off a connection: texts of their own.</summary>
    private static string Own(string text) => new(text.AsSpan());
}

/// <summary>Alone: what other tests allocate meanwhile would be counted too.</summary>
[Collection(nameof(Serving.Memory_is_measured))]
public sealed class What_a_stored_response_takes_beyond_its_body
{
    private const int Many = 20_000;

    [Fact]
    public void Is_few_bytes_where_a_site_sends_the_same_fields_with_every_page()
    {
        var index = new EntryIndex();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var n = 0; n < Many; n++)
            What_a_stored_response_takes.Store(index, n);
        var each = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Many;
        index.Count.ShouldBe(Many);
        // It was 1 400 when each had texts, a row of names and a lock of its own; 780 when each held the values that all have.
        each.ShouldBeLessThan(720);
    }
}
