using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

public sealed class Storing_a_response
{
    [Theory]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60", "Stored")]
    [InlineData("HEAD", "", 200, "Cache-Control: max-age=60", "Method")]
    [InlineData("POST", "", 200, "Cache-Control: max-age=60", "Method")]
    [InlineData("GET", "Cache-Control: no-store", 200, "Cache-Control: max-age=60", "RequestNoStore")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, no-store", "NoStore")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, No-Store", "NoStore")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, private", "Private")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, private=\"x-user\"", "Private")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60 | Set-Cookie: a=b", "Stored")]
    [InlineData("GET", "", 200, "CDN-Cache-Control: max-age=60 | Set-Cookie: a=b", "Stored")]
    [InlineData("GET", "", 200, "Cache-Control: private, max-age=60 | Set-Cookie: a=b", "Private")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, no-cache=\"set-cookie\" | ETag: \"a\" | Set-Cookie: a=b", "SetCookie")]
    [InlineData("GET", "", 200, "Expires: Sun, 01 Mar 2026 12:01:00 GMT | Set-Cookie: a=b", "SetCookie")]
    [InlineData("GET", "", 200, "Cache-Control: public | Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT | Set-Cookie: a=b", "SetCookie")]
    [InlineData("GET", "", 200, "ETag: \"a\" | Set-Cookie: a=b", "SetCookie")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60 | Vary: *", "VaryStar")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60 | Vary: Accept, *", "VaryStar")]
    [InlineData("GET", "Authorization: Basic x", 200, "Cache-Control: max-age=60", "Authorization")]
    [InlineData("GET", "Authorization: Basic x", 200, "Cache-Control: max-age=60, public", "Stored")]
    [InlineData("GET", "Authorization: Basic x", 200, "Cache-Control: s-maxage=60", "Stored")]
    [InlineData("GET", "Authorization: Basic x", 200, "Cache-Control: max-age=60, must-revalidate", "Stored")]
    [InlineData("GET", "", 206, "Cache-Control: max-age=60", "Status")]
    [InlineData("GET", "", 304, "Cache-Control: max-age=60", "Status")]
    [InlineData("GET", "", 302, "", "Status")]
    [InlineData("GET", "", 302, "Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", "Status")]
    [InlineData("GET", "", 404, "Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", "Stored")]
    [InlineData("GET", "", 599, "Cache-Control: public | Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT", "Stored")]
    [InlineData("GET", "", 200, "Cache-Control: no-store | CDN-Cache-Control: max-age=60", "Stored")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60 | CDN-Cache-Control: no-store", "NoStore")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60 | CDN-Cache-Control: private=\"x\"", "Private")]
    [InlineData("GET", "", 200, "Cache-Control: no-store | CDN-Cache-Control: max-age=60, &&", "NoStore")]
    [InlineData("GET", "", 200, "Cache-Control: no-store | CDN-Cache-Control: none", "NothingToReuse")]
    [InlineData("GET", "", 302, "Cache-Control: max-age=60", "Stored")]
    [InlineData("GET", "", 503, "Cache-Control: max-age=60", "Stored")]
    [InlineData("GET", "", 299, "Cache-Control: max-age=60, must-understand", "NotUnderstood")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=60, no-store, must-understand", "Stored")]
    [InlineData("GET", "", 200, "", "NothingToReuse")]
    [InlineData("GET", "", 200, "ETag: \"a\"", "Stored")]
    [InlineData("GET", "", 200, "Cache-Control: no-cache | ETag: \"a\"", "Stored")]
    [InlineData("GET", "", 200, "Cache-Control: max-age=0", "NothingToReuse")]
    public void Is_decided_with_its_reason(string method, string request, int status, string response, string verdict) =>
        Judge(method, request, status, response, null).ToString().ShouldBe(verdict);

    [Theory]
    [InlineData("", 300, "Stored")]
    [InlineData("Cache-Control: max-age=60", 0, "RuleNeverStores")]
    [InlineData("Cache-Control: no-store", 300, "NoStore")]
    [InlineData("Cache-Control: private", 300, "Private")]
    [InlineData("Set-Cookie: a=b", 300, "SetCookie")]
    [InlineData("Vary: *", 300, "VaryStar")]
    public void By_a_rule_happens_only_where_the_origin_does_not_object(string response, int ttl, string verdict) =>
        Judge("GET", "", 200, response, TimeSpan.FromSeconds(ttl)).ToString().ShouldBe(verdict);

    private static StoreVerdict Judge(string method, string request, int status, string response, TimeSpan? rule)
    {
        var received = Fields.Read(response + "|" + Fields.NoonDate);
        return StoreRules.Judge(method, Fields.Read(request), status, received, CacheControl.OfResponse(received), rule);
    }
}
