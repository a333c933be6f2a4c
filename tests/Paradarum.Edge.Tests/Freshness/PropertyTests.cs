using CsCheck;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

/// <summary>Header fields are a stranger's: whatever they hold, nothing throws and nothing becomes fresher than its limits.</summary>
public sealed class Any_header_whatsoever
{
    private static readonly string[] Names =
    [
        "Cache-Control",
        "CDN-Cache-Control",
        "Cache-Groups",
        "Accept-Language",
        "Expires",
        "Date",
        "Age",
        "ETag",
        "Last-Modified",
        "Vary",
        "Set-Cookie",
        "If-None-Match",
        "If-Modified-Since",
        "If-Range",
        "Accept-Encoding",
        "Authorization",
        "Location",
        "Content-Location",
        "Content-Length",
    ];

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static readonly Gen<string> Value = Gen.OneOf(
        Gen.String,
        Gen.Char["\"\\,;=*W/ \tmax-age0123456789"].Array[0, 60].Select(chars => new string(chars)),
        OneOf(
            "max-age=60",
            "s-maxage=\"5",
            "Vary",
            "Accept-Language",
            "max-age=60;a=?1, b=(\"x\" :YQ==:);c, d=@5, e=%\"f\"",
            "\"a\", \"b\\\"c\"",
            "no-cache=\"",
            "private, max-age=9223372036854775807",
            "Sun, 01 Mar 2026 12:00:00 GMT",
            "\"a\"",
            "W/\"a\"",
            "*",
            "gzip;q=",
            "br;q=1e9",
            "0",
            "-1",
            ""
        )
    );

    private static readonly Gen<IHeaderDictionary> Headers = Gen.Select(OneOf(Names), Value)
        .Array[0, 12]
        .Select(fields =>
        {
            var headers = new HeaderDictionary();
            foreach (var (name, value) in fields)
                headers.Append(name, value);
            return (IHeaderDictionary)headers;
        });

    [Fact]
    public void Is_judged_without_an_exception_and_within_bounds() =>
        Gen.Select(Headers, Headers, Gen.Int[100, 599], Gen.Int[-100_000, 100_000])
            .Sample(
                (request, response, status, offset) =>
                {
                    var control = CacheControl.OfResponse(response);
                    CacheGroups.Of(response[CacheGroups.Field]).ShouldBeUnique();
                    StoreRules.Judge("GET", request, status, response, control, TimeSpan.FromSeconds(60));
                    HttpDate.Ensure(response, Fields.Noon);
                    var stored = StoredFreshness.Of(response, status, Fields.Noon, Fields.Noon.AddSeconds(offset), null);
                    stored.Judge(CacheControl.Parse(request.CacheControl), Fields.Noon);
                    stored.Lifetime.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
                    stored.InitialAge.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
                    Age.InSeconds(stored.AgeAt(Fields.Noon)).ShouldBeInRange(0, 2_147_483_648);
                    Validators.VisitorHolds(request, status, response);
                    Validators.RangeApplies(request, response);
                    Freshening.Confirms(response, request, strongly: true);
                    Freshening.Of(response, request);
                    VaryKey.Of(response.Vary, request).Matches(request).ShouldBeTrue();
                    _ = Invalidation.Others(new("http://a.example/"), response).Count();
                },
                iter: 5_000
            );

    [Fact]
    public void Of_accept_encoding_has_a_normal_form_that_normalises_to_itself() =>
        Value.Sample(field => Codings.Normalise(Codings.Normalise(field)).ShouldBe(Codings.Normalise(field)), iter: 5_000);

    [Fact]
    public void Adding_no_store_never_makes_a_response_storable() =>
        Gen.Select(Headers, Headers)
            .Sample(
                (request, response) =>
                {
                    if (CacheControl.OfResponse(response).Has(Directives.MustUnderstand))
                        return;
                    response[CacheControl.OfResponse(response).IsTargeted ? CacheControl.TargetedField : "Cache-Control"] = "no-store";
                    StoreRules
                        .Judge("GET", request, 200, response, CacheControl.OfResponse(response), TimeSpan.FromSeconds(9))
                        .ShouldNotBe(StoreVerdict.Stored);
                },
                iter: 2_000
            );
}
