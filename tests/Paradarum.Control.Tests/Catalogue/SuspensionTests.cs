using System.Net.Http.Json;
using Paradarum.Control.Catalogue;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Contract part 3: Suspended is the operator's alone.</summary>
public sealed class A_property_that_is_suspended
{
    [Fact]
    public async Task Is_closed_to_its_account_until_the_operator_lifts_it_and_both_are_in_the_trail()
    {
        await using var host = await ControlHost.StartAsync();
        var customer = await host.AddAccountAsync("customer");
        var property = await host.AddPropertyAsync("shop", customer.Id);
        (await SetAsync(customer.Client, property.Id, new { suspended = true })).Status.ShouldBe(403);

        var answer = await SetAsync(host.Client, property.Id, new { suspended = true });
        (answer.Status, answer.Data.GetProperty("status").GetInt32()).ShouldBe((200, 3));
        var purge = new { type = "Path", value = "/a" };
        var refused = await customer.Client.PostAnswerAsync($"/api/property/{property.Id}/purge", purge);
        (refused.Status, refused.Message).ShouldBe(
            (403, "This property is currently suspended. Configuration changes are not allowed until it is re-enabled.")
        );
        (await SetAsync(host.Client, property.Id, new { suspended = false })).Data.GetProperty("status").GetInt32().ShouldBe(0);
        (await customer.Client.GetAnswerAsync($"/api/property/{property.Id}")).Data.GetProperty("status").GetInt32().ShouldBe(0);

        var trail = (await customer.Client.GetAnswerAsync("/api/audit?type=property")).Data;
        trail[0].GetProperty("before").GetProperty("status").GetString().ShouldBe("Suspended");
        trail[1].GetProperty("after").GetProperty("status").GetString().ShouldBe("Suspended");
        trail[1].GetProperty("actor").GetString().ShouldBe("operator");
    }

    [Fact]
    public async Task Is_not_switched_on_by_lifting_what_was_never_there()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Disabled, default);
        (await SetAsync(host.Client, property.Id, new { suspended = false })).Status.ShouldBe(200);
        host.Catalogue.Current.Properties[property.Id].State.ShouldBe(PropertyState.Disabled);
        (await SetAsync(host.Client, property.Id, new { })).Message.ShouldBe("Suspended is required. Send true or false.");
        (await SetAsync(host.Client, 999, new { suspended = true })).Message.ShouldBe("Property not found.");
    }

    [Fact]
    public async Task Is_afterwards_what_its_account_had_made_of_it()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Disabled, default);
        (await SetAsync(host.Client, property.Id, new { suspended = true })).Data.GetProperty("status").GetInt32().ShouldBe(3);
        (await SetAsync(host.Client, property.Id, new { suspended = false })).Data.GetProperty("status").GetInt32().ShouldBe(2);
        host.Catalogue.Current.Properties[property.Id].State.ShouldBe(PropertyState.Disabled);
    }

    private static Task<ApiAnswer> SetAsync(HttpClient client, long id, object body) =>
        client.CallAsync(HttpMethod.Put, $"/api/property/{id}/suspension", JsonContent.Create(body));
}
