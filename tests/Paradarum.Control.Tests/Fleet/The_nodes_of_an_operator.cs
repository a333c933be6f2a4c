using System.Net.Http.Json;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Contract part 3: <c>/api/node</c> and <c>/api/shield</c>, the operator's alone.</summary>
public sealed class The_nodes_of_an_operator
{
    [Fact]
    public async Task Are_registered_with_a_token_that_is_shown_once_and_listed_by_role()
    {
        await using var host = await ControlHost.StartAsync();
        var pop = await host.Client.PostAnswerAsync("/api/node", new { name = " pop-1 " });
        var shield = await host.Client.PostAnswerAsync("/api/shield", new { name = "shield-1" });

        (pop.Status, shield.Status).ShouldBe((201, 201));
        pop.Data.GetProperty("enrolmentToken").GetString()!.ShouldStartWith("pde_");
        var listed = await host.Client.GetAnswerAsync("/api/node");
        var one = listed.Data.EnumerateArray().Single();
        one.GetProperty("name").GetString().ShouldBe("pop-1");
        one.GetProperty("role").GetString().ShouldBe("pop");
        one.GetProperty("enrolled").GetBoolean().ShouldBeFalse();
        listed.Whole.GetRawText().ShouldNotContain("pde_");
        (await host.Client.GetAnswerAsync("/api/shield"))
            .Data.EnumerateArray()
            .Select(node => node.GetProperty("id").GetString())
            .ShouldBe([shield.Data.GetProperty("id").GetString()]);
    }

    [Fact]
    public async Task Show_health_position_and_lag_of_a_node_that_follows()
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("shop");
        using var port = new FleetPort(host);
        using var played = await port.ConnectAsync(await port.EnrolAsync("pop1", NodeRole.Pop));
        var snapshot = (await played.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
        async Task<(bool Connected, bool Healthy, long Position, long Lag)> LookAsync()
        {
            var node = (await host.Client.GetAnswerAsync("/api/node")).Data[0];
            return (
                node.GetProperty("connected").GetBoolean(),
                node.GetProperty("healthy").GetBoolean(),
                node.GetProperty("position").GetInt64(),
                node.GetProperty("lag").GetInt64()
            );
        }

        (await LookAsync()).ShouldBe((true, false, 0, (long)snapshot.Position));
        await played.BeatAsync(1);
        await played.HearAsync(ControlMessage.BodyOneofCase.Grant);
        await played.AckAsync(snapshot.Position, snapshot.Hash);
        await Eventually.Async(async () => await LookAsync() == (true, true, (long)snapshot.Position, 0L), "it has caught up");
    }

    [Fact]
    public async Task Are_switched_deleted_and_given_a_new_token()
    {
        await using var host = await ControlHost.StartAsync();
        var made = (await host.Client.PostAnswerAsync("/api/shield", new { name = "shield-1" })).Data;
        var (id, token) = (made.GetProperty("id").GetString(), made.GetProperty("enrolmentToken").GetString());

        var off = await host.Client.CallAsync(HttpMethod.Put, $"/api/shield/{id}/traffic", JsonContent.Create(new { enabled = false }));
        (off.Status, off.Message).ShouldBe((200, "Traffic disabled successfully."));
        (await host.Client.GetAnswerAsync("/api/shield")).Data[0].GetProperty("enabled").GetBoolean().ShouldBeFalse();

        var renewed = await host.Client.PostAnswerAsync($"/api/shield/{id}/token", new { });
        renewed.Data.GetProperty("enrolmentToken").GetString().ShouldNotBe(token);
        using var port = new FleetPort(host);
        await Should.ThrowAsync<Grpc.Core.RpcException>(async () => await port.Client.EnrolAsync(new EnrolRequest { Token = token }));

        (await host.Client.DeleteAnswerAsync($"/api/node/{id}")).Status.ShouldBe(404, "it is a shield");
        (await host.Client.DeleteAnswerAsync($"/api/shield/{id}")).Status.ShouldBe(200);
        await Eventually.Async(
            () => host.Client.GetAnswerAsync("/api/shield").Result.Data.GetArrayLength() == 0,
            "it has left: it never held a lease"
        );
    }

    [Theory]
    [InlineData("GET", "/api/node")]
    [InlineData("POST", "/api/node")]
    [InlineData("PUT", "/api/node/x/traffic")]
    [InlineData("POST", "/api/shield/x/token")]
    [InlineData("DELETE", "/api/shield/x")]
    public async Task Are_nobody_elses(string method, string path)
    {
        await using var host = await ControlHost.StartAsync();
        var account = await host.AddAccountAsync("customer");
        var body = method is "GET" or "DELETE" ? null : JsonContent.Create(new { name = "x", enabled = true });

        var refused = await account.Client.CallAsync(new HttpMethod(method), path, body);
        (refused.Status, refused.Message).ShouldBe(
            (403, "Only the operator may see and change nodes. Use a key of the operator's account without restrictions.")
        );
        using var nobody = host.NewClient(apiKey: null);
        (await nobody.CallAsync(new HttpMethod(method), path)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Are_refused_with_what_to_send()
    {
        await using var host = await ControlHost.StartAsync();
        async Task ShouldBe(Task<ApiAnswer> asked, int status, string message)
        {
            var answer = await asked;
            (answer.Status, answer.Message).ShouldBe((status, message));
        }

        await ShouldBe(host.Client.PostAnswerAsync("/api/node", new { }), 400, "A node's name has 1 to 100 characters.");
        await ShouldBe(host.Client.PostAnswerAsync("/api/node", new { name = 7 }), 400, "Name must be a string.");
        (await host.Client.PostAnswerAsync("/api/node", new { name = "one" })).Status.ShouldBe(201);
        await ShouldBe(host.Client.PostAnswerAsync("/api/shield", new { name = "one" }), 409, "There is a node named 'one' already.");
        var id = (await host.Client.GetAnswerAsync("/api/node")).Data[0].GetProperty("id").GetString();
        var put = host.Client.CallAsync(HttpMethod.Put, $"/api/node/{id}/traffic", JsonContent.Create(new { }));
        await ShouldBe(put, 400, "Enabled is required. Send true or false.");
        await ShouldBe(host.Client.DeleteAnswerAsync("/api/node/nobody"), 404, "Node not found.");
    }
}
