using Paradarum.Control.Fleet;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract part 2, receipts.</summary>
public sealed class A_receipt(SharedPurgeHost shared) : IClassFixture<SharedPurgeHost>
{
    [Fact]
    public async Task Has_the_fields_of_the_contract_and_all_jobs_done_at_complete()
    {
        var host = shared.Host;
        var batch = await host.Batch(
            """{"items":[{"type":"All"},{"type":"Path","value":"/%7ea"},{"type":"Regex","value":"a","matchType":"CONTAINS"},7]}"""
        );
        var receipt = await Read(host, batch, "?wait=60s");

        receipt.Status.ShouldBe(200);
        receipt
            .Data.EnumerateObject()
            .Select(field => field.Name)
            .ShouldBe([
                "purgeId",
                "position",
                "state",
                "acceptedAt",
                "completedAt",
                "items",
                "itemCount",
                "jobCount",
                "jobsDone",
                "matched",
                "fencedNodes",
                "widened",
                "countsFinal",
                "nearMisses",
                "perNode",
            ]);
        receipt.Data.GetProperty("purgeId").GetString().ShouldBe(batch.Data.GetProperty("purgeId").GetString());
        receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
        receipt.Data.GetProperty("acceptedAt").GetString().ShouldBe("2026-03-01T12:00:00.250Z");
        receipt.Data.GetProperty("completedAt").GetString().ShouldNotBeNull();
        receipt
            .Data.GetProperty("items")
            .GetRawText()
            .ShouldBe(
                """[{"type":"All","value":null,"matchType":null},{"type":"Path","value":"/~a","matchType":null},{"type":"Regex","value":"a","matchType":"contains"}]"""
            );
        receipt.Data.GetProperty("itemCount").GetInt32().ShouldBe(3);
        receipt.Data.GetProperty("jobCount").GetInt32().ShouldBe(12);
        receipt.Data.GetProperty("jobsDone").GetInt32().ShouldBe(12);
        receipt.Data.GetProperty("perNode").GetArrayLength().ShouldBe(6);
    }

    [Fact]
    public async Task Shows_the_first_hundred_items_and_counts_all()
    {
        var host = shared.Host;
        var items = string.Join(',', Enumerable.Range(0, 150).Select(i => $$"""{"type":"Path","value":"/{{i}}"}"""));
        var receipt = await Read(host, await host.Batch($$"""{"items":[{{items}}]}"""));
        receipt.Data.GetProperty("items").GetArrayLength().ShouldBe(100);
        receipt.Data.GetProperty("itemCount").GetInt32().ShouldBe(150);
    }

    [Theory]
    [InlineData("0s", 200)]
    [InlineData("60s", 200)]
    [InlineData("60000ms", 200)]
    [InlineData("61s", 400)]
    [InlineData("60001ms", 400)]
    [InlineData("", 400)]
    [InlineData("30", 400)]
    [InlineData("s", 400)]
    [InlineData("1.5s", 400)]
    [InlineData("-1s", 400)]
    [InlineData("%2B1s", 400)]
    [InlineData("1m", 400)]
    [InlineData("99999999999s", 400)]
    [InlineData("1s&wait=2s", 400)]
    public async Task Waits_whole_seconds_or_milliseconds_up_to_a_minute(string wait, int status)
    {
        var host = shared.Host;
        var receipt = await Read(host, await host.Purge("""{"type":"All"}"""), "?wait=" + wait);
        receipt.Status.ShouldBe(status);
        if (status == 400)
            receipt.Message.ShouldBe("Wait must be whole seconds or milliseconds, such as 30s or 500ms, and at most 60s.");
    }

    [Fact]
    public async Task Is_404_for_what_is_unknown_or_foreign()
    {
        var host = shared.Host;
        var purge = await host.Purge("""{"type":"All"}""");
        var id = purge.Data.GetProperty("purgeId").GetString()!;
        var other = await host.Control.AddPropertyAsync("elsewhere");
        foreach (
            var path in new[]
            {
                $"{host.Path}/nothing",
                $"{host.Path}/{id[..^1]}",
                $"{host.Path}/{id}A",
                $"/api/property/{other.Id}/purge/{id}",
            }
        )
        {
            var answer = await host.Control.Client.GetAnswerAsync(path);
            answer.Status.ShouldBe(404);
            answer.Message.ShouldBe("Purge not found.");
        }
        var stranger = await host.Control.AddAccountAsync("stranger");
        (await stranger.Client.GetAnswerAsync($"{host.Path}/{id}")).Message.ShouldBe("Property not found.");
        stranger.Client.Dispose();
    }

    [Fact]
    public async Task Is_readable_while_the_property_is_disabled_and_after_a_restart_and_gone_with_its_record()
    {
        await using var host = await PurgeHost.StartAsync();
        var purge = await host.Purge("""{"type":"All"}""");
        await host.Control.Changes.SetStateAsync(ControlHost.Somebody, host.Property.Id, PropertyState.Disabled, default);
        (await Read(host, purge)).Status.ShouldBe(200);

        var again = await host.RestartAsync();
        try
        {
            (await Read(again, purge)).Status.ShouldBe(200);
            again.Time.Advance(TimeSpan.FromDays(31));
            await again.Control.Writer.WriteAsync(_ => 0, CancellationToken.None);
            (await Read(again, purge)).Message.ShouldBe("Purge not found.");
        }
        finally
        {
            await again.DisposeAsync();
        }
    }

    [Fact]
    public async Task Waits_for_a_node_that_holds_a_lease_and_answers_as_soon_as_it_has_applied()
    {
        await using var host = await PurgeHost.StartAsync();
        using var port = new FleetPort(host.Control);
        var pop = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var node = await port.ConnectAsync(pop);
        var snapshot = (await node.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await node.AckAsync(snapshot.Position, snapshot.Hash);
        await node.BeatAsync(1);
        await node.HearAsync(ControlMessage.BodyOneofCase.Grant);
        host.Census = new FleetCensus([], [pop.NodeId]);

        var purge = await host.Purge("""{"type":"All"}""");
        var early = await Read(host, purge);
        early.Data.GetProperty("state").GetString().ShouldNotBe("complete");
        early.Data.GetProperty("completedAt").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        early.Data.GetProperty("jobsDone").GetInt32().ShouldBe(0);
        early.Data.GetProperty("perNode")[0].GetProperty("state").GetString().ShouldBe("pending");

        var waiting = Read(host, purge, "?wait=60s");
        var records = (await node.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_;
        await node.AckAsync(
            records[^1].Position,
            records[^1].Hash,
            new PurgeCount
            {
                Position = records[^1].Position,
                Objects = 3,
                Bytes = 900,
                Final = true,
            }
        );

        var receipt = await waiting;
        receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
        receipt.Data.GetProperty("jobsDone").GetInt32().ShouldBe(2);
        receipt.Data.GetProperty("matched").GetInt64().ShouldBe(3);
        var line = receipt.Data.GetProperty("perNode")[0];
        line.GetProperty("id").GetString().ShouldBe(pop.NodeId);
        line.GetProperty("name").GetString().ShouldBe("pop1");
        line.GetProperty("role").GetString().ShouldBe("pop");
        line.GetProperty("state").GetString().ShouldBe("applied");
        line.GetProperty("objects").GetInt64().ShouldBe(3);
        line.GetProperty("bytes").GetInt64().ShouldBe(900);
    }

    [Fact]
    public async Task Is_not_final_while_a_fenced_node_may_come_back_and_count()
    {
        await using var host = await PurgeHost.StartAsync();
        using var port = new FleetPort(host.Control);
        var pop = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var node = await LeasedAsync(port, pop);
        host.Census = new FleetCensus([], [pop.NodeId]);
        var purge = await host.Purge("""{"type":"All"}""");
        var records = (await node.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_;

        ApiAnswer? receipt = null;
        await Eventually.Async(async () =>
        {
            host.Time.Advance(TimeSpan.FromSeconds(35));
            receipt = await Read(host, purge);
            return receipt.Data.GetProperty("state").GetString() == "complete";
        });
        receipt!.Data.GetProperty("fencedNodes").GetInt32().ShouldBe(1);
        receipt.Data.GetProperty("jobsDone").GetInt32().ShouldBe(2);
        receipt.Data.GetProperty("countsFinal").GetBoolean().ShouldBeFalse();

        await node.AckAsync(records[^1].Position, records[^1].Hash, Counted(records[^1].Position));
        await Eventually.Async(async () =>
        {
            // What it removed is shown once it is written, which happens in batches.
            host.Time.Advance(TimeSpan.FromMilliseconds(100));
            var data = (await Read(host, purge)).Data;
            return data.GetProperty("countsFinal").GetBoolean() && data.GetProperty("matched").GetInt64() == 3;
        });
    }

    [Fact]
    public async Task Keeps_at_complete_what_a_node_removed_that_was_not_counted_at_acceptance()
    {
        await using var host = await PurgeHost.StartAsync();
        using var port = new FleetPort(host.Control);
        var pop = await port.EnrolAsync("pop1", NodeRole.Pop);
        using var node = await LeasedAsync(port, pop);
        host.Census = new FleetCensus([], ["another"]);
        var purge = await host.Purge("""{"type":"All"}""");
        var records = (await node.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_;
        await node.AckAsync(records[^1].Position, records[^1].Hash, Counted(records[^1].Position));

        var receipt = await Read(host, purge, "?wait=60s");
        receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
        receipt.Data.GetProperty("matched").GetInt64().ShouldBe(3);
    }

    private static async Task<FleetPort.PlayedNode> LeasedAsync(FleetPort port, EnrolReply pop)
    {
        var node = await port.ConnectAsync(pop);
        var snapshot = (await node.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        await node.AckAsync(snapshot.Position, snapshot.Hash);
        await node.BeatAsync(1);
        await node.HearAsync(ControlMessage.BodyOneofCase.Grant);
        return node;
    }

    private static PurgeCount Counted(ulong position) =>
        new()
        {
            Position = position,
            Objects = 3,
            Bytes = 900,
            Final = true,
        };

    private static Task<ApiAnswer> Read(PurgeHost host, ApiAnswer purge, string query = "") =>
        host.Control.Client.GetAnswerAsync(purge.Response.Headers.Location!.OriginalString + query);
}
