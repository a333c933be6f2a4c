using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

public sealed class A_variant
{
    [Theory]
    [InlineData("Vary: Accept-Language", "Accept-Language: de, en", "Accept-Language: de,  en", true)]
    [InlineData("Vary: Accept-Language", "Accept-Language: de | Accept-Language: en", "Accept-Language: de, en", true)]
    [InlineData("Vary: Accept-Language", "Accept-Language: de", "Accept-Language: en", false)]
    [InlineData("Vary: Accept-Language", "", "Accept-Language: en", false)]
    [InlineData("Vary: Accept-Language", "", "", true)]
    [InlineData("Vary: A, B", "A: 1 | B: 2", "A: 1 | B: 3", false)]
    [InlineData("Vary: A | Vary: b", "A: 1 | B: 2", "B: 2 | A: 1", true)]
    [InlineData("Vary: Accept-Encoding", "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: br;q=1.0, gzip;q=0.8, *;q=0", true)]
    [InlineData("Vary: Accept-Encoding", "Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0", false)]
    [InlineData("Vary: Accept-Encoding", "", "Accept-Encoding: deflate", true)]
    public void Is_selected_by_the_headers_it_varies_on(string vary, string stored, string request, bool matches) =>
        VaryKey.Of(Fields.Read(vary).Vary, Fields.Read(stored)).Matches(Fields.Read(request)).ShouldBe(matches);

    [Theory]
    [InlineData("gzip, deflate, br", "br, gzip")]
    [InlineData("br, gzip, zstd", "zstd, br, gzip")]
    [InlineData("", "identity")]
    [InlineData("identity", "identity")]
    [InlineData("*", "zstd, br, gzip")]
    [InlineData("*, br;q=0", "zstd, gzip")]
    [InlineData("GZIP;q=0.5", "gzip")]
    [InlineData("gzip;q=nonsense", "identity")]
    public void Has_a_normal_form_of_accept_encoding(string field, string normal) => Codings.Normalise(field).ShouldBe(normal);
}

public sealed class A_conditional_request
{
    [Theory]
    [InlineData("If-None-Match: \"a\"", true)]
    [InlineData("If-None-Match: W/\"a\"", true)]
    [InlineData("If-None-Match: \"b\", \"a\"", true)]
    [InlineData("If-None-Match: \"b,\"a\"", false)]
    [InlineData("If-None-Match: *", true)]
    [InlineData("If-None-Match: \"b\"", false)]
    [InlineData("If-None-Match: a", false)]
    [InlineData("If-None-Match: \"b\" | If-Modified-Since: Sun, 01 Mar 2026 12:00:00 GMT", false)]
    [InlineData("If-Modified-Since: Sun, 01 Mar 2026 10:00:00 GMT", true)]
    [InlineData("If-Modified-Since: Sun, 01 Mar 2026 09:59:59 GMT", false)]
    [InlineData("If-Modified-Since: yesterday", false)]
    public void Is_answered_304_when_the_visitor_holds_what_is_stored(string request, bool holds) =>
        Validators.VisitorHolds(Fields.Read(request), 200, Stored).ShouldBe(holds);

    [Fact]
    public void Is_not_answered_304_from_a_stored_error() =>
        Validators.VisitorHolds(Fields.Read("If-None-Match: \"a\""), 404, Stored).ShouldBeFalse();

    [Theory]
    [InlineData("", true)]
    [InlineData("If-Range: \"a\"", true)]
    [InlineData("If-Range: W/\"a\"", false)]
    [InlineData("If-Range: \"b\"", false)]
    [InlineData("If-Range: Sun, 01 Mar 2026 10:00:00 GMT", true)]
    [InlineData("If-Range: Sun, 01 Mar 2026 10:00:01 GMT", false)]
    public void With_if_range_needs_a_strong_match(string request, bool applies) =>
        Validators.RangeApplies(Fields.Read(request), Stored).ShouldBe(applies);

    private static Microsoft.AspNetCore.Http.IHeaderDictionary Stored =>
        Fields.Read("ETag: \"a\" | Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT | " + Fields.NoonDate);
}

public sealed class A_304
{
    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", false, true)]
    [InlineData("ETag: \"a\"", "ETag: W/\"a\"", false, true)]
    [InlineData("ETag: \"a\"", "", false, true)]
    [InlineData("ETag: \"a\"", "ETag: \"b\"", false, true)]
    [InlineData("", "ETag: \"b\"", false, false)]
    [InlineData("", "ETag: W/\"b\"", false, true)]
    [InlineData("ETag: \"a\"", "ETag: \"b\"", true, false)]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", true, true)]
    [InlineData("ETag: \"a\"", "ETag: W/\"a\"", true, false)]
    [InlineData("ETag: W/\"a\"", "ETag: W/\"a\"", true, false)]
    [InlineData("ETag: \"a\"", "", true, false)]
    public void Confirms_only_the_response_it_speaks_of(string stored, string told, bool strongly, bool confirms) =>
        Freshening.Confirms(Fields.Read(stored), Fields.Read(told), strongly).ShouldBe(confirms);

    [Fact]
    public void Renews_the_headers_but_not_those_of_the_bytes()
    {
        var stored = Fields.Read("Cache-Control: max-age=1 | ETag: \"a\" | Content-Length: 5 | X-Old: 1 | Age: 9");
        var told = Fields.Read(
            "Cache-Control: max-age=60 | ETag: \"b\" | Content-Type: text/plain | Content-Length: 0 | Content-Encoding: gzip"
        );
        Microsoft.AspNetCore.Http.IHeaderDictionary fresh = Freshening.Of(stored, told);
        fresh.CacheControl.ToString().ShouldBe("max-age=60");
        fresh.ETag.ToString().ShouldBe("\"a\"");
        fresh.ContentType.ToString().ShouldBe("text/plain");
        fresh.ContentLength.ShouldBe(5);
        fresh["X-Old"].ToString().ShouldBe("1");
        fresh.ContainsKey("Content-Encoding").ShouldBeFalse();
        fresh.ContainsKey("Age").ShouldBeFalse();
        stored.CacheControl.ToString().ShouldBe("max-age=1");
    }
}

public sealed class An_unsafe_method
{
    [Theory]
    [InlineData("POST", true)]
    [InlineData("PATCH", true)]
    [InlineData("PURGE", true)]
    [InlineData("GET", false)]
    [InlineData("HEAD", false)]
    [InlineData("OPTIONS", false)]
    public void Is_any_that_is_not_known_to_be_safe(string method, bool expected) => Invalidation.IsUnsafe(method).ShouldBe(expected);

    [Fact]
    public void Takes_the_locations_it_names_resolved_against_the_target() =>
        Invalidation
            .Others(
                new("http://a.example/x/y"),
                Fields.Read("Location: ../z | Content-Location: http://b.example/q | X: http://c.example/")
            )
            .Select(uri => uri.ToString())
            .ShouldBe(["http://a.example/z", "http://b.example/q"]);

    [Fact]
    public void Ignores_locations_that_are_no_http_uris() =>
        Invalidation.Others(new("http://a.example/"), Fields.Read("Location: mailto:x@y | Content-Location: http://[")).ShouldBeEmpty();
}
