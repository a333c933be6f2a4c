using System.Text;
using System.Text.Json;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract 1.2.</summary>
public sealed class A_batch_over_the_API(SharedPurgeHost shared) : IClassFixture<SharedPurgeHost>
{
    [Fact]
    public async Task Accepts_what_is_valid_and_says_of_the_rest_where_and_why()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        var answer = await host.Batch(
            """{"items":[{"type":"Path","value":"/a"},{"type":"Tag","value":"x"},{"type":"Extension","value":"jpg"},{"type":"All"}]}"""
        );

        answer.Status.ShouldBe(200);
        answer.Message.ShouldBe("Purge request accepted. 3 of 4 items accepted, 12 jobs queued across 2 shields + 4 PoPs.");
        answer
            .Data.EnumerateObject()
            .Select(field => field.Name)
            .ShouldBe(["jobCount", "accepted", "rejected", "shields", "nodes", "hostnames", "purgeId"]);
        answer.Data.GetProperty("jobCount").GetInt64().ShouldBe(12);
        answer.Data.GetProperty("accepted").GetInt64().ShouldBe(3);
        answer
            .Data.GetProperty("rejected")
            .GetRawText()
            .ShouldBe("""[{"index":1,"reason":"Type 'Tag' is not supported. Use All, Extension, Path or Regex."}]""");
        answer.Response.Headers.Location!.OriginalString.ShouldBe($"{host.Path}/{answer.Data.GetProperty("purgeId").GetString()}");
        // One request is one record and one position.
        host.Feed.Head.Position.ShouldBe(before + 1);
        host.RulesAfter(before).Select(rule => rule.Kind).ShouldBe([RuleKind.Path, RuleKind.Extension, RuleKind.All]);
    }

    [Fact]
    public async Task Of_two_million_items_is_refused_without_a_copy_of_them()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"items":[{{string.Concat(Enumerable.Repeat("0,", 2_000_000))}}0]}""");
        Paradarum.Control.Api.JsonBody.ParseObject(body).Ok(out var fields, out _).ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        fields.List("items", 10_000).Ok(out var items, out _).ShouldBeTrue();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1 << 20);
        items!.Length.ShouldBe(10_001);

        var answer = await shared.Host.Batch(Encoding.UTF8.GetString(body));
        (answer.Status, answer.Message).ShouldBe((400, "A batch holds at most 10000 items."));
    }

    [Fact]
    public async Task Says_an_empty_list_when_nothing_was_refused()
    {
        var host = shared.Host;
        var answer = await host.Batch("""{"ITEMS":[{"type":"All"}]}""");
        answer.Message.ShouldBe("Purge request accepted. 1 of 1 items accepted, 12 jobs queued across 2 shields + 4 PoPs.");
        answer.Data.GetProperty("rejected").GetRawText().ShouldBe("[]");
    }

    [Theory]
    [InlineData("null", "Item must be a JSON object.")]
    [InlineData("17", "Item must be a JSON object.")]
    [InlineData("\"/a\"", "Item must be a JSON object.")]
    [InlineData("[]", "Item must be a JSON object.")]
    [InlineData("{}", "Type is required. Use All, Extension, Path or Regex.")]
    [InlineData("""{"type":7}""", "Type must be a string.")]
    [InlineData("""{"type":"Path"}""", "Value is required when type is Path.")]
    [InlineData("""{"type":"Path","value":[]}""", "Value must be a string.")]
    [InlineData("""{"type":"Regex","value":"a","matchType":1}""", "MatchType must be a string.")]
    [InlineData(
        """{"type":"Regex","value":"a","matchType":"glob"}""",
        "MatchType 'glob' is not supported. Use equals, contains, starts_with, ends_with or regex."
    )]
    public async Task Is_not_failed_by_a_bad_item(string item, string reason)
    {
        var host = shared.Host;
        var answer = await host.Batch($$"""{"items":[{{item}},{"type":"All"}]}""");
        answer.Status.ShouldBe(200);
        var rejected = answer.Data.GetProperty("rejected").EnumerateArray().Single();
        rejected.GetProperty("index").GetInt32().ShouldBe(0);
        rejected.GetProperty("reason").GetString().ShouldBe(reason);
    }

    [Theory]
    [InlineData("{}", "At least one purge item is required.")]
    [InlineData("""{"items":null}""", "At least one purge item is required.")]
    [InlineData("""{"items":[]}""", "At least one purge item is required.")]
    [InlineData("""{"items":{"0":{"type":"All"}}}""", "At least one purge item is required.")]
    [InlineData("""{"items":"All"}""", "At least one purge item is required.")]
    [InlineData("[]", "Request body must be a JSON object.")]
    [InlineData("", "Request body must be a JSON object.")]
    public async Task Without_items_is_refused(string body, string message)
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        var answer = await host.Batch(body);
        answer.Status.ShouldBe(400);
        answer.Message.ShouldBe(message);
        host.Feed.Head.Position.ShouldBe(before);
    }

    [Fact]
    public async Task Of_nothing_but_invalid_items_is_refused_and_says_why_of_each()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        var answer = await host.Batch("""{"items":[null,{"type":"Path","value":"a"}]}""");
        answer.Status.ShouldBe(400);
        answer.Succeeded.ShouldBeFalse();
        answer.Message.ShouldBe("No valid purge items.");
        answer.Data.GetProperty("rejected").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()).ShouldBe([0, 1]);
        host.Feed.Head.Position.ShouldBe(before);
    }

    [Fact]
    public async Task Holds_ten_thousand_items_and_not_one_more()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        var answer = await host.Batch(Body(10_000, index => $$"""{"type":"Path","value":"/{{index}}"}"""));
        answer.Status.ShouldBe(200);
        answer.Message.ShouldBe("Purge request accepted. 10000 of 10000 items accepted, 12 jobs queued across 2 shields + 4 PoPs.");
        host.RulesAfter(before).Select(rule => rule.Value).ShouldBe(Enumerable.Range(0, 10_000).Select(index => $"/{index}"));

        var refused = await host.Batch(Body(10_001, _ => """{"type":"All"}"""));
        refused.Status.ShouldBe(400);
        refused.Message.ShouldBe("A batch holds at most 10000 items.");
        host.Feed.Head.Position.ShouldBe(before + 1);
    }

    [Fact]
    public async Task Takes_two_hundred_patterns_and_refuses_each_one_beyond()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        // Literal match types and broken values are no patterns; a pattern that does not parse is one.
        var answer = await host.Batch(
            Body(
                210,
                index =>
                    index switch
                    {
                        0 => """{"type":"Regex","value":"("}""",
                        1 => """{"type":"Regex","value":"a","matchType":"contains"}""",
                        2 => """{"type":"Regex"}""",
                        _ => $$"""{"type":"Regex","value":"^/{{index}}$"}""",
                    }
            )
        );
        answer.Status.ShouldBe(200);
        host.RulesAfter(before).Count(rule => rule.Kind == RuleKind.Regex).ShouldBe(199);
        var rejected = answer
            .Data.GetProperty("rejected")
            .EnumerateArray()
            .Select(item => (Index: item.GetProperty("index").GetInt32(), Reason: item.GetProperty("reason").GetString()))
            .ToList();
        rejected
            .Where(item => item.Reason == "A batch holds at most 200 regex patterns.")
            .Select(item => item.Index)
            .ShouldBe(Enumerable.Range(202, 8));
        answer.Data.GetProperty("accepted").GetInt32().ShouldBe(210 - rejected.Count);
    }

    [Fact]
    public async Task As_large_as_a_body_may_be_is_one_record_that_can_be_read_back()
    {
        var host = shared.Host;
        var before = host.Feed.Head.Position;
        // Three characters of UTF-8 become nine of percent-encoding: the record is larger than the body.
        var value = "/" + new string('\u20AC', 220);
        const int most = 4 << 20;
        var items = Math.Min(10_000, most / (Encoding.UTF8.GetByteCount(value) + 32));
        var body = Body(items, _ => $$"""{"type":"Path","value":"{{value}}"}""");
        Encoding.UTF8.GetByteCount(body).ShouldBeInRange(most * 9 / 10, most);

        var answer = await host.Batch(body);
        answer.Status.ShouldBe(200);
        host.Feed.TryRead(before, 1, 1, out var records).ShouldBeTrue();
        records[0].Payload.Length.ShouldBeGreaterThan(most);
        host.RulesAfter(before).Count.ShouldBe(items);
    }

    private static string Body(int items, Func<int, string> item) =>
        $$"""{"items":[{{string.Join(',', Enumerable.Range(0, items).Select(item))}}]}""";
}
