using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.Purging;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Purging;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract 1.3 and the refusals of 1.4: each guard, in the contract's order, with nothing queued.</summary>
public sealed class A_purge_that_is_refused(SharedPurgeHost shared) : IClassFixture<SharedPurgeHost>
{
    private const string LongExtension = "abcdefghijklmnopqrstuvwxyzabcdefg";

    [Theory]
    [InlineData("", "Request body must be a JSON object.")]
    [InlineData("null", "Request body must be a JSON object.")]
    [InlineData("[1]", "Request body must be a JSON object.")]
    [InlineData("\"All\"", "Request body must be a JSON object.")]
    [InlineData("{\"type\":\"All\"", "Request body must be a JSON object.")]
    [InlineData("{\"type\":\"All\"} {}", "Request body must be a JSON object.")]
    [InlineData("{\"type\":\"All\",}", "Request body must be a JSON object.")]
    [InlineData("""{"type":1}""", "Type must be a string.")]
    [InlineData("""{"type":["All"]}""", "Type must be a string.")]
    [InlineData("""{"type":"Path","value":1}""", "Value must be a string.")]
    [InlineData("""{"type":"Path","value":{}}""", "Value must be a string.")]
    [InlineData("""{"type":"Nonsense","value":true}""", "Value must be a string.")]
    [InlineData("""{"type":"Regex","value":"a","matchType":[]}""", "MatchType must be a string.")]
    [InlineData("{}", "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":null}""", "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":" "}""", "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":"1"}""", "Type '1' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":"Tag"}""", "Type 'Tag' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":"Path"}""", "Value is required when type is Path.")]
    [InlineData("""{"type":"path","value":""}""", "Value is required when type is Path.")]
    [InlineData("""{"type":"Extension","value":"  "}""", "Value is required when type is Extension.")]
    [InlineData("""{"type":"Regex","value":null}""", "Value is required when type is Regex.")]
    [InlineData("""{"type":"Regex","matchType":"glob"}""", "Value is required when type is Regex.")]
    [InlineData(
        """{"type":"Regex","value":"a","matchType":"glob"}""",
        "MatchType 'glob' is not supported. Use equals, contains, starts_with, ends_with or regex."
    )]
    [InlineData(
        """{"type":"Path","value":"images/logo.png"}""",
        "Path must start with '/'. Send the path alone, such as /images/logo.png."
    )]
    [InlineData(
        """{"type":"Path","value":"https://x.example/a"}""",
        "Path must not be a URL. Send the path alone, such as /images/logo.png."
    )]
    [InlineData("""{"type":"Path","value":"/a#b"}""", "Path must not hold '#'. Write %23 where the path itself holds one.")]
    [InlineData(
        """{"type":"Extension","value":"a/b"}""",
        "Extension must not hold '/', '?', '#', '*' or white space. Send what follows the last dot, such as jpg."
    )]
    [InlineData($$"""{"type":"Extension","value":"{{LongExtension}}"}""", "Extension is too long. At most 32 characters are allowed.")]
    public async Task Hears_the_sentence_of_the_contract(string body, string message)
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        var answer = await host.Purge(body);
        answer.Status.ShouldBe(400);
        answer.Succeeded.ShouldBeFalse();
        answer.Message.ShouldBe(message);
        host.Feed.Head.Position.ShouldBe(before);
    }

    [Theory]
    [InlineData("""{"type":"Path","value":"\ud800"}""")]
    [InlineData("""{"type":"Regex","value":"("}""")]
    [InlineData("""{"type":"Regex","value":"a\udc00","matchType":"contains"}""")]
    public async Task Hears_what_is_wrong_with_its_value(string body)
    {
        var host = shared.Host;
        var answer = await host.Purge(body);
        answer.Status.ShouldBe(400);
        answer.Message.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task Is_refused_for_broken_UTF_8_deep_nesting_and_values_over_their_limits()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        foreach (
            var body in new[]
            {
                [.. "{\"type\":\"Path\",\"value\":\"/"u8, 0xC3, 0x28, .. "\"}"u8],
                [
                    .. "{\"type\":\"All\",\"value\":"u8,
                    .. Encoding.ASCII.GetBytes(new string('[', 5000)),
                    .. Encoding.ASCII.GetBytes(new string(']', 5000)),
                    .. "}"u8,
                ],
                Encoding.ASCII.GetBytes($$"""{"type":"Path","value":"/{{new string('a', 2048)}}"}"""),
                Encoding.ASCII.GetBytes($$"""{"type":"Regex","value":"{{new string('a', 1025)}}"}"""),
                Encoding.ASCII.GetBytes($$"""{"type":"Regex","value":"{{new string('a', 2049)}}","matchType":"contains"}"""),
            }
        )
        {
            var answer = await host.Control.Client.CallAsync(HttpMethod.Post, host.Path, new ByteArrayContent(body));
            answer.Status.ShouldBe(400);
            answer.Message.ShouldNotBeNullOrWhiteSpace();
        }
        host.Feed.Head.Position.ShouldBe(before);
    }

    [Theory]
    [InlineData("PATCH", "")]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "/batch")]
    [InlineData("PATCH", "/batch")]
    public async Task Hears_405_for_a_wrong_method_before_anything_else(string method, string path)
    {
        var host = shared.Host;
        using var stranger = host.Control.NewClient(null);
        var answer = await stranger.CallAsync(new HttpMethod(method), host.Path + path);
        answer.Status.ShouldBe(405);
        answer.Message.ShouldBe("Method not allowed.");
    }

    [Fact]
    public async Task Hears_401_before_it_is_known_whether_the_property_exists()
    {
        var host = shared.Host;
        using var stranger = host.Control.NewClient(null);
        var answer = await stranger.PostAnswerAsync("/api/property/999/purge", new { type = "All" });
        answer.Status.ShouldBe(401);
        answer.Message.ShouldBe("Authentication required. Send a valid API key in the X-API-Key header.");
        using var wrong = host.Control.NewClient("pdm_aaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        (await wrong.PostAnswerAsync(host.Path, new { type = "All" })).Message.ShouldBe(answer.Message);
    }

    [Fact]
    public async Task Hears_where_its_key_belongs_when_it_is_sent_as_a_bearer_token()
    {
        var host = shared.Host;
        using var stranger = host.Control.NewClient(null);
        var answer = await stranger.CallAsync(
            HttpMethod.Post,
            host.Path,
            null,
            ("Authorization", $"Bearer {host.Control.Operator.ApiKey}")
        );
        answer.Status.ShouldBe(401);
        answer.Message.ShouldBe("API keys go in the X-API-Key header, not in Authorization.");
    }

    [Theory]
    [InlineData("999")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1x")]
    [InlineData("%D9%A1")]
    [InlineData("99999999999999999999")]
    public async Task Hears_404_for_a_property_that_is_not_there_whatever_its_body(string id)
    {
        var host = shared.Host;
        var answer = await host.Post($"/api/property/{id}/purge", "broken");
        answer.Status.ShouldBe(404);
        answer.Message.ShouldBe("Property not found.");
    }

    [Fact]
    public async Task Hears_404_for_the_property_of_another_account()
    {
        var host = shared.Host;
        var other = await host.Control.AddAccountAsync("other");
        var answer = await other.Client.PostAnswerAsync($"{host.Path}?accountId={host.Property.AccountId}", new { type = "All" });
        answer.Status.ShouldBe(404);
        answer.Message.ShouldBe("Property not found.");
        other.Client.Dispose();
    }

    [Theory]
    [InlineData(PropertyState.Disabled, "disabled")]
    [InlineData(PropertyState.Suspended, "suspended")]
    public async Task Hears_403_for_a_closed_property_before_its_body_is_looked_at(PropertyState state, string word)
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Control.Changes.SetStateAsync(ControlHost.Somebody, host.Property.Id, state, default);
        var answer = await host.Purge("broken");
        answer.Status.ShouldBe(403);
        answer.Message.ShouldBe($"This property is currently {word}. Configuration changes are not allowed until it is re-enabled.");
    }

    [Fact]
    public async Task Hears_413_and_415_before_what_is_wrong_with_its_content()
    {
        var host = shared.Host;
        var large = await host.Purge("[" + new string(' ', 4 << 20));
        large.Status.ShouldBe(413);
        large.Message.ShouldBe("Request body is too large. The limit is 4 MiB.");

        var form = new StringContent("broken", Encoding.UTF8, MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded"));
        var typed = await host.Control.Client.CallAsync(HttpMethod.Post, host.Path, form);
        typed.Status.ShouldBe(415);
        typed.Message.ShouldBe("Content-Type must be application/json.");
    }

    [Fact]
    public async Task Hears_that_no_hostname_is_active_before_that_no_node_is_there()
    {
        await using var host = await PurgeHost.StartAsync();
        var hostname = await Hostname(host);
        await host.Control.Changes.RemoveHostnameAsync(ControlHost.Somebody, host.Property.Id, hostname, default);
        host.Census = FleetCensus.Empty;
        var before = host.Feed.Head.Position;
        var answer = await host.Purge("""{"type":"All"}""");
        answer.Status.ShouldBe(400);
        answer.Message.ShouldBe("No active hostnames found for this property.");
        host.Feed.Head.Position.ShouldBe(before);
    }

    [Fact]
    public async Task Hears_500_when_no_PoP_is_there_though_a_shield_is()
    {
        await using var host = await PurgeHost.StartAsync();
        host.Census = new FleetCensus(["s1"], []);
        var before = host.Feed.Head.Position;
        foreach (var answer in new[] { await host.Purge("""{"type":"All"}"""), await host.Batch("""{"items":[{"type":"All"}]}""") })
        {
            answer.Status.ShouldBe(500);
            answer.Succeeded.ShouldBeFalse();
            answer.Message.ShouldBe("No active cache nodes found.");
        }
        host.Feed.Head.Position.ShouldBe(before);
        (await host.Purge("""{"type":"Nonsense"}""")).Status.ShouldBe(400);
    }

    private static async Task<long> Hostname(PurgeHost host)
    {
        var list = await host.Control.Client.GetAnswerAsync($"/api/property/{host.Property.Id}/hostname");
        return list.Data.EnumerateArray().Single().GetProperty("id").GetInt64();
    }
}

public sealed class A_200
{
    [Fact]
    public async Task Is_not_sent_before_the_flush()
    {
        await using var host = await PurgeHost.StartAsync();
        var before = host.Feed.Head.Position;
        using var held = new PurgeLog.HeldFlush();
        host.Flush = held.Flush;
        var purge = host.Purge("""{"type":"All"}""");
        await held.Reached;
        // The answer would come over this connection's headers as soon as it is written.
        await Task.WhenAny(purge, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken));
        purge.IsCompleted.ShouldBeFalse();
        host.Feed.Head.Position.ShouldBe(before);
        held.LetGo();
        (await purge).Status.ShouldBe(200);
        host.Feed.Head.Position.ShouldBe(before + 1);
    }

    [Fact]
    public async Task Is_a_500_when_the_flush_fails_and_nothing_is_queued()
    {
        await using var host = await PurgeHost.StartAsync();
        var before = host.Feed.Head.Position;
        host.Flush = _ => throw new IOException("the disk is gone");
        var answer = await host.Purge("""{"type":"All"}""", ("Idempotency-Key", "k"));
        answer.Status.ShouldBe(500);
        answer.Succeeded.ShouldBeFalse();
        host.Feed.Head.Position.ShouldBe(before);

        host.Flush = commit => commit();
        (await host.Purge("""{"type":"All"}""", ("Idempotency-Key", "k"))).Status.ShouldBe(200);
        host.Feed.Head.Position.ShouldBe(before + 1);
    }
}

/// <summary>What happens to a property, or to the disk, while a request is under way.</summary>
public sealed class A_purge_under_way
{
    [Theory]
    [InlineData("", """{"type":"All"}""")]
    [InlineData("/batch", """{"items":[{"type":"All"}]}""")]
    public async Task Is_refused_when_the_property_was_disabled_before_its_body_had_arrived(string endpoint, string text)
    {
        await using var host = await PurgeHost.StartAsync();
        var answer = await SentWhile(
            host,
            endpoint,
            text,
            () => host.Control.Changes.SetStateAsync(ControlHost.Somebody, host.Property.Id, PropertyState.Disabled, CancellationToken.None)
        );
        answer.Status.ShouldBe(403);
        answer.Message.ShouldBe("This property is currently disabled. Configuration changes are not allowed until it is re-enabled.");
    }

    [Theory]
    [InlineData("", """{"type":"All"}""")]
    [InlineData("/batch", """{"items":[{"type":"All"}]}""")]
    public async Task Is_refused_when_its_key_was_revoked_before_its_body_had_arrived(string endpoint, string text)
    {
        await using var host = await PurgeHost.StartAsync();
        var made = await host.Control.Client.PostAnswerAsync("/api/account/apikeys", new { name = "short lived" });
        var before = host.Feed.Head.Position;
        var answer = await SentWhile(
            host,
            endpoint,
            text,
            () => host.Control.Client.DeleteAnswerAsync($"/api/account/apikeys/{made.Data.GetProperty("id")}"),
            made.Data.GetProperty("key").GetString()
        );
        answer.Status.ShouldBe(401);
        answer.Message.ShouldBe("Authentication required. Send a valid API key in the X-API-Key header.");
        host.RulesAfter(before).ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_refused_at_once_when_too_many_wait_for_the_disk()
    {
        await using var host = await PurgeHost.StartAsync();
        using var held = new HeldFlush();
        host.Flush = held.Flush;
        var desk = host.Control.Plane.Services.GetRequiredService<PurgeDesk>();
        var order = PurgeOrder.One(ControlHost.Opened(PurgeRule.Parse("All", null, null)));
        var caller = new Caller(host.Control.Operator.AccountId, "test", IsOperator: true);
        Task<Result<AcceptedPurge>> Accept() => desk.AcceptAsync(caller, host.Property, order, key: null, CancellationToken.None);

        var waiting = Enumerable.Range(0, 8192).Select(_ => Accept()).ToList();
        var answer = await host.Purge("""{"type":"All"}""");
        answer.Status.ShouldBe(500);
        answer.Message.ShouldBe("Too many purges are waiting to be made durable. This one was not queued; send it again.");
        waiting.ShouldAllBe(accepted => !accepted.IsCompleted);

        held.LetGo();
        (await Task.WhenAll(waiting)).Count(accepted => accepted.Ok(out _, out _)).ShouldBe(8192);
        (await host.Purge("""{"type":"All"}""")).Status.ShouldBe(200);
    }

    /// <summary>Something happens after the server asked for the body, which is after its first look at key and property.</summary>
    private static async Task<ApiAnswer> SentWhile(PurgeHost host, string endpoint, string text, Func<Task> happens, string? key = null)
    {
        using var body = new BodySentAfter(text, happens);
        using var request = new HttpRequestMessage(HttpMethod.Post, host.Path + endpoint) { Content = body };
        request.Headers.ExpectContinue = true;
        using var client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(20) });
        client.BaseAddress = host.Control.Plane.Api;
        client.DefaultRequestHeaders.Add("X-API-Key", key ?? host.Control.Operator.ApiKey);
        return await ApiAnswer.ReadAsync(await client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    private sealed class BodySentAfter(string text, Func<Task> first) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await first();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Encoding.UTF8.GetByteCount(text);
            return true;
        }
    }
}
