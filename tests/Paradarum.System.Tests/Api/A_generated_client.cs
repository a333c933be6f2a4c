using System.Globalization;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;
using Paradarum.GeneratedClient;
using Paradarum.GeneratedClient.Models;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Api;

/// <summary>What Kiota makes from docs/api/openapi.json, against a control plane with nodes: nothing here knows the API but through that document.</summary>
public sealed class A_generated_client
{
    [Fact]
    public async Task Signs_in_makes_a_property_and_a_key_purges_and_reads_the_receipt()
    {
        await using var fleet = await TestFleet.StartAsync();
        var stranger = Client(fleet, new AnonymousAuthenticationProvider());
        var session = await stranger.Api.Auth.Login.PostAsync(
            new LoginRequest { Email = fleet.Control.Operator.Email, Password = fleet.Control.Operator.Password }
        );
        var signedIn = Client(fleet, Header("Authorization", $"Bearer {session!.Data!.Token}"));

        var made = await signedIn.Api.Property.PostAsync(
            new PropertyRequest { Name = "generated", Origins = [new() { Host = $"http://127.0.0.1:{fleet.Origin.Port}" }] }
        );
        var id = made!.Data!.Id!.Value.ToString(CultureInfo.InvariantCulture);
        var key = await signedIn.Api.Account.Apikeys.PostAsync(
            new ApiKeyRequest
            {
                Name = "generated",
                Scope = "purge",
                PropertyIds = [made.Data.Id],
            }
        );
        var purger = Client(fleet, Header("X-API-Key", key!.Data!.Key!));

        fleet.Serves("old");
        foreach (var pop in fleet.Pops)
        {
            using var visitor = pop.NewVisitor("generated");
            await Eventually.Async(async () => (await visitor.GetAsync("/a/page.html")).Body == "old");
        }

        fleet.Serves("new");
        var preview = await purger.Api.Property[id].Purge.Preview.PostAsync(new() { Type = "Path", Value = "/a/page.html" });
        preview!.Data!.Objects.ShouldBe(3, "one on the shield and one on each PoP");
        var accepted = await purger.Api.Property[id].Purge.PostAsync(new PurgeRequest { Type = "Path", Value = "/a/page.html" });
        accepted!.Data!.JobCount.ShouldBe(6);
        var receipt = await purger.Api.Property[id].Purge[accepted.Data.PurgeId!].GetAsync(request => request.QueryParameters.Wait = "30s");
        (receipt!.Data!.State, receipt.Data.JobsDone).ShouldBe(("complete", 6L));
        receipt.Data.PerNode!.Select(node => node.State).ShouldBe(["applied", "applied", "applied"]);
        foreach (var pop in fleet.Pops)
        {
            using var visitor = pop.NewVisitor("generated");
            (await visitor.GetAsync("/a/page.html")).Body.ShouldBe("new");
        }
    }

    [Fact]
    public async Task Hears_a_refusal_as_the_document_describes_it()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 0, pops: 1);
        var client = Client(fleet, Header("X-API-Key", fleet.Control.Operator.ApiKey));
        var refused = await Should.ThrowAsync<ApiException>(() =>
            client.Api.Property["1"].Purge.PostAsync(new PurgeRequest { Type = "Path" })
        );
        refused.ResponseStatusCode.ShouldBe(400);
        // A refusal is a type of its own in the document, so what it says reaches the program.
        refused.ShouldBeOfType<EnvelopeOfObject>().Message.ShouldBe("Value is required when type is Path.");
    }

    private static ParadarumClient Client(TestFleet fleet, IAuthenticationProvider proof) =>
        new(new HttpClientRequestAdapter(proof) { BaseUrl = fleet.Control.Plane.Api.ToString() });

    private static ApiKeyHeader Header(string name, string value) => new(name, value);

    /// <summary>Kiota's own provider refuses cleartext, which loopback is.</summary>
    private sealed class ApiKeyHeader(string name, string value) : IAuthenticationProvider
    {
        public Task AuthenticateRequestAsync(
            RequestInformation request,
            Dictionary<string, object>? additionalAuthenticationContext = null,
            CancellationToken cancellationToken = default
        )
        {
            request.Headers.Add(name, value);
            return Task.CompletedTask;
        }
    }
}
