using System.Net.Sockets;
using System.Text;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving;

/// <summary>Attempts to have an answer stored for others that was made for the attacker.</summary>
public sealed class A_visitor_who_would_poison_the_store
{
    [Theory]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Scheme")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("X-Forwarded-Port")]
    [InlineData("X-Forwarded-Prefix")]
    [InlineData("X-Forwarded-Server")]
    [InlineData("X-Forwarded-Ssl")]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    [InlineData("X-Host")]
    [InlineData("X-Original-Host")]
    [InlineData("X-HTTP-Host-Override")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Rewrite-URL")]
    [InlineData("X-Url-Scheme")]
    [InlineData("Front-End-Https")]
    [InlineData("X-Real-IP")]
    [InlineData("True-Client-IP")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-HTTP-Method")]
    [InlineData("X-Method-Override")]
    public async Task Gets_no_field_that_applications_believe_past_the_node(string name)
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange =>
            exchange.RespondAsync(
                exchange.Request.Fields.Any(field => field.Value.Contains("evil", StringComparison.Ordinal)) ? "evil" : "good"
            );
        (await site.Visitor.GetAsync("/page", (name, "evil"))).Body.ShouldBe("good");
        (await site.Visitor.GetAsync("/page")).Cache.ShouldBe("HIT");
        site.Origin.Last["X-Forwarded-For"].ShouldBe("127.0.0.1");
        site.Origin.Last["X-Forwarded-Proto"].ShouldBe("http");
        site.Origin.Last["X-Forwarded-Host"].ShouldBe(Site.Host);
    }

    [Fact]
    public async Task May_still_say_with_a_form_which_method_it_means()
    {
        await using var site = await OnePop.StartAsync();
        await site.Visitor.SendAsync(HttpMethod.Post, "/api", ("X-HTTP-Method-Override", "PUT"));
        site.Origin.Last["X-HTTP-Method-Override"].ShouldBe("PUT");
    }

    [Theory]
    [InlineData("/a%2Fb", "/a%2Fb", "/a/b")]
    [InlineData("/a;x=1", "/a;x=1", "/a")]
    [InlineData("/a;.css", "/a;.css", "/a")]
    [InlineData("/a%0A.css", "/a%0A.css", "/a")]
    [InlineData("/a%3F.css", "/a%3F.css", "/a")]
    [InlineData("/a%23.css", "/a%23.css", "/a")]
    [InlineData("/a%5C..%5Cb", "/a%5C..%5Cb", "/b")]
    [InlineData("/static/..%2Fpage", "/static/..%2Fpage", "/page")]
    [InlineData("/static/%2e%2e%2Fpage", "/static/..%2Fpage", "/page")]
    [InlineData("/static/../page", "/page", "/static/page")]
    [InlineData("/static/%2e%2e/page", "/page", "/static/page")]
    [InlineData("//page", "//page", "/page")]
    [InlineData("/page/", "/page/", "/page")]
    [InlineData("/page?x=1;y=2", "/page?x=1;y=2", "/page")]
    [InlineData("/page?a=1&utm_source=x", "/page?a=1&utm_source=x", "/page?a=1")]
    public async Task Finds_that_what_is_keyed_is_what_the_origin_saw(string asked, string seen, string victim)
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request.Target);
        var answer = await ExchangeAsync(site, $"GET {asked} HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: close\r\n\r\n");
        answer.ShouldEndWith("\r\n\r\n" + seen);
        (await site.Visitor.GetAsync(victim)).Body.ShouldBe(victim);
    }

    [Theory]
    [InlineData("/a%00.css")]
    [InlineData("/a\0.css")]
    [InlineData("/a\n.css")]
    public async Task Gets_no_byte_to_the_origin_at_which_a_path_might_end_for_it(string asked)
    {
        await using var site = await OnePop.StartAsync();
        var answer = await ExchangeAsync(site, $"GET {asked} HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: close\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 400");
        site.Origin.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Gets_no_answer_stored_to_a_get_that_has_a_body()
    {
        await using var site = await OnePop.StartAsync();
        site.Origin.Script = exchange => exchange.RespondAsync(exchange.Request.Body.Length > 0 ? "evil" : "good");
        var answer = await ExchangeAsync(
            site,
            $"GET /page HTTP/1.1\r\nHost: {Site.Host}\r\nContent-Length: 6\r\nConnection: close\r\n\r\nq=evil"
        );
        answer.ShouldEndWith("evil");
        (await site.Visitor.GetAsync("/page")).Body.ShouldBe("good");
    }

    [Theory]
    [InlineData("GET http://site.cdn.localhost/page HTTP/1.1\r\nHost: site.cdn.localhost\r\n", "site.cdn.localhost")]
    [InlineData("GET http://site.cdn.localhost/page HTTP/1.1\r\nHost: evil.example\r\n", null)]
    [InlineData("GET http://evil.example/page HTTP/1.1\r\nHost: site.cdn.localhost\r\n", null)]
    [InlineData("GET http://site.cdn.localhost@evil.example/page HTTP/1.1\r\nHost: site.cdn.localhost\r\n", null)]
    [InlineData("GET http://evil.example\\@site.cdn.localhost/page HTTP/1.1\r\nHost: site.cdn.localhost\r\n", null)]
    [InlineData("GET /page HTTP/1.1\r\nHost: site.cdn.localhost:evil\r\n", null)]
    [InlineData("GET /page HTTP/1.1\r\nHost: site.cdn.localhost, evil.example\r\n", null)]
    [InlineData("GET /page HTTP/1.1\r\nHost: site.cdn.localhost evil.example\r\n", null)]
    [InlineData("GET @evil.example/page HTTP/1.1\r\nHost: site.cdn.localhost\r\n", null)]
    [InlineData("GET /page HTTP/1.1\r\nHost: site.cdn.localhost\r\nHost: site.cdn.localhost\r\n", null)]
    public async Task Cannot_name_one_host_and_mean_another(string request, string? host)
    {
        await using var site = await OnePop.StartAsync();
        await ExchangeAsync(site, request + "Connection: close\r\n\r\n");
        site.Origin.Requests.Select(seen => seen["Host"]).ShouldBe(host is null ? [] : [host]);
    }

    [Theory]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: {0}")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding : chunked")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding: xchunked")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding:\tchunked")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding: chunked, identity")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked")]
    [InlineData("Content-Length: {0}\r\nX: 1\r\n Transfer-Encoding: chunked")]
    [InlineData("Content-Length: {0}\r\nX: 1\rTransfer-Encoding: chunked")]
    [InlineData("Content-Length: {0}\r\nX: 1\nTransfer-Encoding: chunked")]
    [InlineData("Content-Length: {0}\r\nTransfer-Encoding\0: chunked")]
    [InlineData("Content-Length: +{0}\r\nTransfer-Encoding: chunked")]
    [InlineData("Content-Length: {0}, {0}\r\nTransfer-Encoding: chunked")]
    public async Task Cannot_hide_a_request_between_two_framings(string framing)
    {
        await using var site = await OnePop.StartAsync();
        const string hidden = "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: site.cdn.localhost\r\n\r\n";
        var fields = string.Format(System.Globalization.CultureInfo.InvariantCulture, framing, hidden.Length);
        await ExchangeAsync(site, $"POST /form HTTP/1.1\r\nHost: {Site.Host}\r\n{fields}\r\nConnection: close\r\n\r\n{hidden}");
        site.Origin.CountOf("/hidden").ShouldBe(0);
        site.Origin.Requests.ShouldAllBe(seen => seen["Content-Length"] == null || seen["Transfer-Encoding"] == null);
    }

    private static async Task<string> ExchangeAsync(OnePop site, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", site.Pop.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var all = new MemoryStream();
        // Every request here asks for the end of its connection, or is refused with it; five seconds are for the failure.
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await client.GetStream().CopyToAsync(all, late.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Reset after the answer: what came counts.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }
}

/// <summary>Web cache deception: a victim is led to a name that looks like a file, and its page is to be had there by anyone.</summary>
public sealed class A_page_under_the_name_of_a_file
{
    private static PropertyConfiguration FilesByRule(PropertyConfiguration site) =>
        site.With(new CacheRule(@"\.(css|js|jpg|png|ico)$", CacheRuleMatch.Regex, 2_592_000, []));

    [Theory]
    [InlineData("/account/x.css")]
    [InlineData("/account;x.CSS")]
    [InlineData("/account%2Fx.js")]
    [InlineData("/account/x.jpg?y=1")]
    public async Task Is_not_stored_by_a_rule_for_such_names(string target)
    {
        await using var site = await OnePop.StartAsync(FilesByRule);
        site.Serves("your account", "Content-Type: text/html; charset=utf-8");
        (await site.Visitor.GetAsync(target)).Body.ShouldBe("your account");
        site.Pop.Store.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Says_why()
    {
        await using var site = await OnePop.StartAsync(FilesByRule);
        site.Serves("your account", "Content-Type: text/html");
        (await site.Visitor.GetAsync("/account/x.css")).Headers["Cache-Status"].ShouldEndWith("detail=page-under-file-name");
    }

    [Theory]
    [InlineData("/x.css", "Content-Type: text/css")]
    [InlineData("/x.css", "")]
    [InlineData("/x.css", "Content-Type: text/html | Cache-Control: max-age=60")]
    public async Task Is_stored_when_it_is_a_file_or_the_origin_calls_it_fresh(string target, string fields)
    {
        await using var site = await OnePop.StartAsync(FilesByRule);
        site.Serves("body {}", fields);
        await site.Visitor.GetAsync(target);
        (await site.Visitor.GetAsync(target)).Cache.ShouldBe("HIT");
    }

    [Fact]
    public async Task Is_not_stored_on_a_guess_either()
    {
        await using var site = await OnePop.StartAsync();
        site.Serves("your account", "Content-Type: text/html | Last-Modified: Sun, 01 Feb 2026 12:00:00 GMT");
        await site.Visitor.GetAsync("/account/x.css");
        site.Pop.Store.Count.ShouldBe(0);
    }
}
