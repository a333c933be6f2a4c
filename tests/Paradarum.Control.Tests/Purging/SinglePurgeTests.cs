using System.Text.Json;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract 1.1.</summary>
public sealed class A_purge_over_the_API(SharedPurgeHost shared) : IClassFixture<SharedPurgeHost>
{
    [Fact]
    public async Task Is_answered_as_the_contract_shows_it()
    {
        var host = shared.Host;
        var answer = await host.Purge("""{ "type": "Path", "value": "/images/logo.png" }""");

        answer.Status.ShouldBe(200);
        answer.Succeeded.ShouldBeTrue();
        answer.Message.ShouldBe("Purge request accepted. 12 jobs queued across 2 shields + 4 PoPs.");
        answer.Data.EnumerateObject().Select(field => field.Name).ShouldBe(["jobCount", "shields", "nodes", "hostnames", "purgeId"]);
        Number(answer.Data, "jobCount").ShouldBe(12);
        Number(answer.Data, "shields").ShouldBe(2);
        Number(answer.Data, "nodes").ShouldBe(4);
        Number(answer.Data, "hostnames").ShouldBe(1);
        var purgeId = answer.Data.GetProperty("purgeId").GetString()!;
        answer.Response.Headers.Location!.OriginalString.ShouldBe($"{host.Path}/{purgeId}");
        answer.Response.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
    }

    [Theory]
    [InlineData("""{"type":"All"}""", RuleKind.All, "")]
    [InlineData("""{"type":"aLL","value":17}""", RuleKind.All, "")]
    [InlineData("""{"type":"All","value":{"deep":[1,2]},"matchType":false}""", RuleKind.All, "")]
    [InlineData("""{"type":"Extension","value":"jpg"}""", RuleKind.Extension, "jpg")]
    [InlineData("""{"type":"extension","value":".TAR.gz"}""", RuleKind.Extension, "tar.gz")]
    [InlineData("""{"type":"PATH","value":"/a/../b%2f?q=1"}""", RuleKind.Path, "/b%2F?q=1")]
    [InlineData("""{"type":"Path","value":"/a","matchType":17}""", RuleKind.Path, "/a")]
    [InlineData("""{"type":"Regex","value":"^/a$"}""", RuleKind.Regex, "^/a$")]
    [InlineData("""{"type":"Regex","value":"^/a$","matchType":"  "}""", RuleKind.Regex, "^/a$")]
    [InlineData("""{"type":"Regex","value":"^/a$","matchType":null}""", RuleKind.Regex, "^/a$")]
    [InlineData("""{"type":"Regex","value":"a","matchType":"REGEX"}""", RuleKind.Regex, "a")]
    [InlineData("""{"type":"Regex","value":"/a","matchType":"equals"}""", RuleKind.Equals, "/a")]
    [InlineData("""{"type":"Regex","value":"a","matchType":"Contains"}""", RuleKind.Contains, "a")]
    [InlineData("""{"type":"Regex","value":"/a","matchType":"starts_with"}""", RuleKind.StartsWith, "/a")]
    [InlineData("""{"type":"Regex","value":"a","matchType":"ends_with"}""", RuleKind.EndsWith, "a")]
    [InlineData("""{"TYPE":"Path","Value":"/a","colour":"red"}""", RuleKind.Path, "/a")]
    [InlineData("""{"type":"All","Type":"Path","value":"/a","VALUE":"/b"}""", RuleKind.Path, "/b")]
    public async Task Becomes_one_record_with_its_rule(string body, RuleKind kind, string value)
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        (await host.Purge(body)).Status.ShouldBe(200);
        host.Feed.Head.Position.ShouldBe(before + 1);
        host.RulesAfter(before).ShouldBe([new RuleMessage { Kind = kind, Value = value }]);
        host.Feed.Positions[host.Property.Id].LastPurge.ShouldBe(before + 1);
    }

    [Theory]
    [InlineData(0, 1, 2, "Purge request accepted. 2 jobs queued across 0 shields + 1 PoPs.")]
    [InlineData(1, 1, 4, "Purge request accepted. 4 jobs queued across 1 shields + 1 PoPs.")]
    [InlineData(1, 2, 6, "Purge request accepted. 6 jobs queued across 1 shields + 2 PoPs.")]
    [InlineData(2, 4, 12, "Purge request accepted. 12 jobs queued across 2 shields + 4 PoPs.")]
    public async Task Counts_jobs_as_nodes_times_hostnames_times_two(int shields, int pops, int jobs, string message)
    {
        await using var host = await PurgeHost.StartAsync();
        host.Census = new FleetCensus(
            [.. Enumerable.Range(0, shields).Select(i => $"s{i}")],
            [.. Enumerable.Range(0, pops).Select(i => $"p{i}")]
        );
        var answer = await host.Purge("""{"type":"All"}""");
        answer.Message.ShouldBe(message);
        Number(answer.Data, "jobCount").ShouldBe(jobs);
    }

    [Fact]
    public async Task Counts_active_hostnames_alone()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Control.Changes.AddHostnameAsync(
            ControlHost.Somebody,
            host.Property.Id,
            "second.cdn.localhost",
            HostnameState.Active,
            default
        );
        await host.Control.Changes.AddHostnameAsync(
            ControlHost.Somebody,
            host.Property.Id,
            "waiting.example.com",
            HostnameState.PendingValidation,
            default
        );
        var answer = await host.Purge("""{"type":"All"}""");
        Number(answer.Data, "hostnames").ShouldBe(2);
        Number(answer.Data, "jobCount").ShouldBe(24);
        answer.Message.ShouldBe("Purge request accepted. 24 jobs queued across 2 shields + 4 PoPs.");
    }

    [Fact]
    public async Task Is_taken_as_JSON_without_a_content_type_and_with_any_case_of_the_route()
    {
        var host = shared.Host;
        var body = new ByteArrayContent("""{"type":"All"}"""u8.ToArray());
        body.Headers.ContentType.ShouldBeNull();
        (
            await host.Control.Client.CallAsyncBytes(host.Path.ToUpperInvariant().Replace("/API", "/Api", StringComparison.Ordinal), body)
        ).ShouldBe(200);
    }

    private static long Number(JsonElement data, string name) => data.GetProperty(name).GetInt64();
}

file static class Bytes
{
    public static async Task<int> CallAsyncBytes(this HttpClient client, string path, HttpContent body)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), body);
        return (int)response.StatusCode;
    }
}
