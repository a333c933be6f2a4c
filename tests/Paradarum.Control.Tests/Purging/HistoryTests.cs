using System.Text.Json;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using QueryModeKind = Paradarum.Protocol.Urls.QueryModeKind;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract part 2, history.</summary>
public sealed class The_history_of_purges
{
    [Fact]
    public async Task Is_newest_first_with_who_asked_and_what_for()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Purge("""{"type":"Path","value":"/a"}""");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var batch = await host.Batch("""{"items":[{"type":"Extension","value":"JPG"},{"type":"All"},7]}""");
        await CompleteAsync(host, batch);

        var page = await host.Control.Client.GetAnswerAsync(host.Path);

        page.Status.ShouldBe(200);
        page.Whole.GetProperty("totalRecords").GetInt32().ShouldBe(2);
        var newest = page.Data[0];
        newest
            .EnumerateObject()
            .Select(field => field.Name)
            .ShouldBe(["purgeId", "position", "state", "acceptedAt", "completedAt", "askedBy", "items", "itemCount", "jobCount"]);
        newest.GetProperty("purgeId").GetString().ShouldBe(batch.Data.GetProperty("purgeId").GetString());
        newest.GetProperty("state").GetString().ShouldBe("complete");
        newest.GetProperty("acceptedAt").GetString().ShouldBe("2026-03-01T12:00:01.250Z");
        newest.GetProperty("completedAt").GetString().ShouldNotBeNull();
        newest.GetProperty("askedBy").GetString().ShouldBe(host.Control.Operator.ApiKey[..8]);
        newest
            .GetProperty("items")
            .GetRawText()
            .ShouldBe("""[{"type":"Extension","value":"jpg","matchType":null},{"type":"All","value":null,"matchType":null}]""");
        newest.GetProperty("itemCount").GetInt32().ShouldBe(2);
        newest.GetProperty("jobCount").GetInt64().ShouldBe(12);
        page.Data[1].GetProperty("items")[0].GetProperty("value").GetString().ShouldBe("/a");
        // The id opens the receipt.
        (await host.Control.Client.GetAnswerAsync($"{host.Path}/{newest.GetProperty("purgeId").GetString()}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Has_each_purge_on_one_page_whatever_other_properties_do()
    {
        await using var host = await PurgeHost.StartAsync();
        var other = await host.Control.AddPropertyAsync("other");
        var expected = new List<string>();
        for (var i = 0; i < 47; i++)
        {
            var purge = await host.Purge($$"""{"type":"Path","value":"/{{i}}"}""");
            expected.Insert(0, purge.Data.GetProperty("purgeId").GetString()!);
            for (var between = i % 4; between > 0; between--)
                await host.Post($"/api/property/{other.Id}/purge", """{"type":"All"}""");
        }

        foreach (var size in new[] { 1, 7, 47, 100 })
        {
            var found = new List<string>();
            for (var number = 1; ; number++)
            {
                var page = await host.Control.Client.GetAnswerAsync($"{host.Path}?pageNumber={number}&pageSize={size}");
                page.Whole.GetProperty("totalRecords").GetInt32().ShouldBe(47);
                if (page.Data.GetArrayLength() == 0)
                    break;
                found.AddRange(page.Data.EnumerateArray().Select(item => item.GetProperty("purgeId").GetString()!));
            }
            found.ShouldBe(expected);
        }
    }

    [Fact]
    public async Task Is_filtered_by_type_and_state()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Purge("""{"type":"Path","value":"/a"}""");
        await host.Batch("""{"items":[{"type":"Path","value":"/b"},{"type":"Regex","value":"c"}]}""");
        await CompleteAsync(host, await host.Purge("""{"type":"All"}"""));
        using var port = new FleetPort(host.Control);
        using var pop = await LeasedAsync(port);
        await host.Purge("""{"type":"Extension","value":"css"}""");
        await host.Purge("""{"type":"Path","value":"/d"}""");

        (await CountAsync(host, "type=path")).ShouldBe(3);
        (await CountAsync(host, "type=Regex")).ShouldBe(1);
        (await CountAsync(host, "type=All")).ShouldBe(1);
        (await CountAsync(host, "state=complete")).ShouldBe(3);
        (await CountAsync(host, "state=complete&type=Path")).ShouldBe(2);
        var open = await CountAsync(host, "state=queued") + await CountAsync(host, "state=shields") + await CountAsync(host, "state=pops");
        open.ShouldBe(2);
        (await CountAsync(host, "")).ShouldBe(5);
    }

    [Theory]
    [InlineData("")]
    [InlineData("type=Path")]
    [InlineData("state=queued")]
    [InlineData("type=Path&state=queued")]
    public async Task Has_as_many_purges_on_its_pages_as_it_says_while_more_are_asked_for(string filter)
    {
        await using var host = await PurgeHost.StartAsync();
        using var port = new FleetPort(host.Control);
        using var pop = await LeasedAsync(port); // it acknowledges nothing, so what is asked for stays queued
        await host.Purge("""{"type":"Path","value":"/first"}""");

        var asking = Task.Run(async () =>
        {
            for (var n = 0; n < 40; n++)
            {
                await host.Purge($$"""{"type":"Path","value":"/{{n}}"}""");
                await host.Purge("""{"type":"Extension","value":"css"}""");
            }
        });
        var (seen, pages) = (0, 0);
        for (var isLast = false; !isLast; pages++)
        {
            isLast = asking.IsCompleted;
            var page = await host.Control.Client.GetAnswerAsync($"{host.Path}?pageSize=100&{filter}");
            var total = page.Whole.GetProperty("totalRecords").GetInt32();
            page.Data.GetArrayLength().ShouldBe(total, "what is counted and what is listed are of one moment");
            total.ShouldBeGreaterThanOrEqualTo(seen, "it only grows");
            seen = total;
        }
        await asking;
        pages.ShouldBeGreaterThan(1);
        seen.ShouldBe(filter.StartsWith("type", StringComparison.Ordinal) ? 41 : 81);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Engine", "SQLite")]
    public async Task Is_filtered_by_type_in_the_propertys_part_of_the_index_alone(bool counted)
    {
        var sql = counted ? PurgeRows.CountOfTypes(SqlDialect.Sqlite) : PurgeRows.PositionsOfTypes(SqlDialect.Sqlite);
        await using var host = await PurgeHost.StartAsync();
        using var reader = host.Control.Writer.OpenReader();
        var plan = reader.Rows("EXPLAIN QUERY PLAN " + sql, row => row.GetString(3), 1, 2, 3, 4, 5, 6);
        // Nothing is read of the table and nothing is sorted; other properties' purges are not come by.
        plan.ShouldBe(["SEARCH purges USING COVERING INDEX purges_by_property (property_id=? AND position>? AND position<?)"]);
    }

    [Theory]
    [InlineData("type=jpg", "Type 'jpg' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("type=1", "Type '1' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("type=", "Type '' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("type=All&type=Path", "Type 'All,Path' is not supported. Use All, Extension, Path or Regex.")]
    [InlineData("state=done", "State 'done' is not supported. Use queued, shields, pops or complete.")]
    public async Task Says_which_filters_there_are(string query, string message)
    {
        await using var host = await PurgeHost.StartAsync();
        var answer = await host.Control.Client.GetAnswerAsync($"{host.Path}?{query}");
        answer.Status.ShouldBe(400);
        answer.Message.ShouldBe(message);
    }

    [Fact]
    public async Task Is_readable_while_the_property_is_disabled_and_by_nobody_else()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Purge("""{"type":"All"}""");
        await host.Control.Changes.SetStateAsync(ControlHost.Somebody, host.Property.Id, PropertyState.Disabled, default);
        (await host.Control.Client.GetAnswerAsync(host.Path)).Status.ShouldBe(200);
        var stranger = await host.Control.AddAccountAsync("stranger");
        using var client = stranger.Client;
        (await client.GetAnswerAsync(host.Path)).Message.ShouldBe("Property not found.");
        using var nobody = host.Control.NewClient(apiKey: null);
        (await nobody.GetAnswerAsync(host.Path)).Status.ShouldBe(401);
        (await host.Control.Client.CallAsync(HttpMethod.Put, host.Path)).Message.ShouldBe("Method not allowed.");
    }

    [Theory]
    [InlineData("disabled", 12)]
    [InlineData("hostname removed", 24)]
    [InlineData("key changed", 12)]
    [InlineData("former shield", 2)]
    public async Task Shows_what_a_change_of_the_property_purged_as_system(string change, long jobs)
    {
        await using var host = await PurgeHost.StartAsync();
        var (changes, id) = (host.Control.Changes, host.Property.Id);
        await changes.SetShieldAsync(ControlHost.Somebody, id, enabled: true, "s2", default);
        if (change == "hostname removed")
        {
            var added = ControlHost.Opened(await changes.AddHostnameAsync(ControlHost.Somebody, id, "two.cdn.localhost", default, default));
            await changes.RemoveHostnameAsync(ControlHost.Somebody, id, added.Hostnames[^1].Id, default);
        }
        else if (change == "disabled")
            await changes.SetStateAsync(ControlHost.Somebody, id, PropertyState.Disabled, default);
        else if (change == "key changed")
            await changes.SetQueryModeAsync(ControlHost.Somebody, id, new QueryMode(QueryModeKind.IgnoreAll, []), default);
        else
            await changes.SetShieldAsync(ControlHost.Somebody, id, enabled: false, null, default);

        var page = await host.Control.Client.GetAnswerAsync(host.Path);

        page.Whole.GetProperty("totalRecords").GetInt32().ShouldBe(1);
        var purge = page.Data[0];
        purge.GetProperty("askedBy").GetString().ShouldBe("system");
        purge.GetProperty("items").GetRawText().ShouldBe("""[{"type":"All","value":null,"matchType":null}]""");
        purge.GetProperty("jobCount").GetInt64().ShouldBe(jobs);
        var receipt = await host.Control.Client.GetAnswerAsync($"{host.Path}/{purge.GetProperty("purgeId").GetString()}?wait=60s");
        receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
        receipt.Data.GetProperty("jobsDone").GetInt64().ShouldBe(jobs);
    }

    [Fact]
    public async Task Tells_the_former_shield_alone_to_forget()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Control.Changes.SetShieldAsync(ControlHost.Somebody, host.Property.Id, enabled: true, "s1", default);
        var before = host.Feed.Head.Position;
        await host.Control.Changes.SetShieldAsync(ControlHost.Somebody, host.Property.Id, enabled: true, "s2", default);

        host.Feed.TryRead(before, 10, int.MaxValue, out var records).ShouldBeTrue();
        // The change first: what the former shield stores between the two goes with the rest.
        PurgeHost.Payload(records[0]).Property.Shield.ShieldId.ShouldBe("s2");
        PurgeHost.Payload(records[1]).Purge.OnlyNode.ShouldBe("s1");
        records.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Keeps_the_purge_of_a_deleted_property()
    {
        await using var host = await PurgeHost.StartAsync();
        await host.Control.Changes.DeleteAsync(ControlHost.Somebody, host.Property.Id, default);
        using var reader = host.Control.Writer.OpenReader();
        reader.Scalar("SELECT asked_by || ' ' || hostnames || ' ' || shields || ' ' || pops FROM purges").ShouldBe("system 1 2 4");
    }

    private static async Task<int> CountAsync(PurgeHost host, string query)
    {
        var page = await host.Control.Client.GetAnswerAsync($"{host.Path}?{query}");
        var total = page.Whole.GetProperty("totalRecords").GetInt32();
        page.Data.GetArrayLength().ShouldBe(total);
        return total;
    }

    private static async Task CompleteAsync(PurgeHost host, ApiAnswer purge)
    {
        var receipt = await host.Control.Client.GetAnswerAsync(purge.Response.Headers.Location!.OriginalString + "?wait=60s");
        receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
    }

    private static async Task<FleetPort.PlayedNode> LeasedAsync(FleetPort port)
    {
        var node = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        var snapshot = (await node.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await node.AckAsync(snapshot.Position, snapshot.Hash);
        await node.BeatAsync(1);
        await node.HearAsync(ControlMessage.BodyOneofCase.Grant);
        return node;
    }
}
