using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Api;

/// <summary>
/// Who may call what (contract 1.3 and part 3). The endpoints come from the API document and the answers from a control plane: an endpoint without a line here, or a line
/// without an endpoint, fails.
/// </summary>
public sealed class The_authorization_matrix
{
    private static readonly Dictionary<string, Door> Doors = new(StringComparer.Ordinal)
    {
        ["postAuthLogin"] = Door.Anyone,
        ["postAuthRotate"] = Door.Operator,
        ["postAccountApikeys"] = Door.Unrestricted,
        ["listAccountApikeys"] = Door.Unrestricted,
        ["deleteAccountApikeys"] = Door.Unrestricted,
        ["postAccount"] = Door.Operator,
        ["listAccount"] = Door.Operator,
        ["putAccount"] = Door.Operator,
        ["deleteAccount"] = Door.Operator,
        ["postAccountUsers"] = Door.Operator,
        ["listAccountUsers"] = Door.Operator,
        ["deleteAccountUsers"] = Door.Operator,
        ["postAccountUsersPassword"] = Door.Operator,
        ["putAccountPassword"] = Door.SignedIn,
        ["putPropertySuspension"] = Door.Operator,
        ["listProperty"] = Door.Account,
        ["postProperty"] = Door.AllProperties,
        ["getProperty"] = Door.Property,
        ["putProperty"] = Door.Property,
        ["deleteProperty"] = Door.Property,
        ["listPropertyHostname"] = Door.Property,
        ["postPropertyHostname"] = Door.Property,
        ["postPropertyHostnameVerify"] = Door.Property,
        ["deletePropertyHostname"] = Door.Property,
        ["getPropertyHostnameCertificate"] = Door.Property,
        ["postPropertyHostnameCertificate"] = Door.Property,
        ["deletePropertyHostnameCertificate"] = Door.Property,
        ["listPropertyRulesCache"] = Door.Property,
        ["postPropertyRulesCache"] = Door.Property,
        ["putPropertyRulesCache"] = Door.Property,
        ["deletePropertyRulesCache"] = Door.Property,
        ["postPropertyRulesCachePreset"] = Door.Property,
        ["getPropertyGeneralSettings"] = Door.Property,
        ["putPropertyGeneralSettings"] = Door.Property,
        ["listPropertyWebhooks"] = Door.Property,
        ["postPropertyWebhooks"] = Door.Property,
        ["deletePropertyWebhooks"] = Door.Property,
        ["postPropertyPurge"] = Door.PurgeOfProperty,
        ["postPropertyPurgeBatch"] = Door.PurgeOfProperty,
        ["postPropertyPurgePreview"] = Door.PurgeOfProperty,
        ["listPropertyPurge"] = Door.PurgeOfProperty,
        ["getPropertyPurge"] = Door.PurgeOfProperty,
        ["getPropertyPurgeEvents"] = Door.PurgeOfProperty,
        ["listAudit"] = Door.Unrestricted,
        ["listNode"] = Door.Operator,
        ["postNode"] = Door.Operator,
        ["postNodeToken"] = Door.Operator,
        ["putNodeTraffic"] = Door.Operator,
        ["deleteNode"] = Door.Operator,
        ["listShield"] = Door.Operator,
        ["postShield"] = Door.Operator,
        ["postShieldToken"] = Door.Operator,
        ["putShieldTraffic"] = Door.Operator,
        ["deleteShield"] = Door.Operator,
    };

    [Fact]
    public async Task Holds_for_every_endpoint_of_the_document_and_every_kind_of_caller()
    {
        await using var host = await ControlHost.StartAsync();
        using var stranger = host.NewClient(apiKey: null);
        var document = JsonSerializer.Deserialize<JsonElement>(await stranger.GetStringAsync("/swagger/v1/swagger.json"));
        var operations = OperationsOf(document).ToArray();
        operations.Select(operation => operation.Id).Order().ShouldBe(Doors.Keys.Order(), "each endpoint has its line in the matrix");

        var callers = await CallersAsync(host);
        var wrong = new List<string>();
        foreach (var operation in operations)
        {
            foreach (var caller in callers.All)
            {
                var expected = Expected(Doors[operation.Id], caller.Who);
                var answer = await CallAsync(host, callers, operation, caller);
                var got = Outcome(answer);
                if (got != expected)
                    wrong.Add(
                        $"{operation.Method} {operation.Path} by {caller.Who}: {got} ({answer.Status} {answer.Message}), not {expected}"
                    );
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static Entry Expected(Door door, Who who) =>
        (door, who) switch
        {
            (Door.Anyone, _) => Entry.LetIn,
            (_, Who.Nobody or Who.RevokedKey or Who.KeyAsToken) => Entry.Unauthenticated,
            (Door.Operator, Who.Operator or Who.OperatorSignedIn) => Entry.LetIn,
            (Door.Operator, _) => Entry.Forbidden,
            (Door.SignedIn, _) => who == Who.OperatorSignedIn ? Entry.LetIn : Entry.Forbidden,
            // What a key for some things may not do is refused before it is said what there is.
            (
                Door.Account
                    or Door.AllProperties
                    or Door.Unrestricted
                    or Door.Property,
                Who.PurgeKey
                    or Who.PurgeKeyOfOther
                    or Who.OperatorsPurgeKey
            ) => Entry.Forbidden,
            (Door.Unrestricted or Door.AllProperties, Who.KeyOfThis or Who.KeyOfOther) => Entry.Forbidden,
            (Door.Account or Door.Unrestricted or Door.AllProperties, _) => Entry.LetIn,
            (Door.Property or Door.PurgeOfProperty, Who.Customer or Who.KeyOfThis or Who.PurgeKey) => Entry.LetIn,
            // The operator's account is an account: another's property is not there for it either.
            (Door.Property or Door.PurgeOfProperty, _) => Entry.NotThere,
            _ => throw new InvalidOperationException($"{door} has no answer for {who}."),
        };

    private static Entry Outcome(ApiAnswer answer) =>
        answer switch
        {
            { Status: 401, Message: "Invalid email or password." } => Entry.LetIn,
            { Status: 401 } => Entry.Unauthenticated,
            { Status: 403 } => Entry.Forbidden,
            { Status: 404, Message: "Property not found." } => Entry.NotThere,
            _ => Entry.LetIn,
        };

    /// <summary>Everything that the path names is there and belongs to the customer, made anew for each call: an endpoint may delete it.</summary>
    private static async Task<ApiAnswer> CallAsync(ControlHost host, Callers callers, Operation operation, Caller caller)
    {
        var property = callers.Property;
        if (operation.Id is "deleteProperty" or "putPropertySuspension" && Expected(Doors[operation.Id], caller.Who) == Entry.LetIn)
            // It is answered like what it does, and everyone after this one still finds the property, and open.
            property = await host.AddPropertyAsync($"short-{caller.Who.ToString().ToLowerInvariant()}", callers.Customer.Id);
        var id = operation.Path.StartsWith("/api/property/", StringComparison.Ordinal)
            ? property.Id.ToString(CultureInfo.InvariantCulture)
            : "0";
        var path = operation
            .Path.Replace("{id}", id, StringComparison.Ordinal)
            .Replace("{hostnameId}", "0", StringComparison.Ordinal)
            .Replace("{ruleId}", "0", StringComparison.Ordinal)
            .Replace("{userId}", "0", StringComparison.Ordinal)
            .Replace("{webhookId}", "0", StringComparison.Ordinal)
            .Replace("{purgeId}", "none", StringComparison.Ordinal);
        path.ShouldNotContain("{", Case.Sensitive, "say what stands for the parameter");
        // A restricted key for the property that this call is about.
        var headers =
            caller.Who == Who.KeyOfThis && property.Id != callers.Property.Id
                ? [("X-API-Key", await NewKeyAsync(host, callers.Customer, "account", property.Id))]
                : caller.Headers;
        using var client = host.NewClient(apiKey: null);
        var body = operation.Body is { } text ? new StringContent(text, Encoding.UTF8, "application/json") : null;
        return await client.CallAsync(new HttpMethod(operation.Method), path, body, headers);
    }

    private static async Task<Callers> CallersAsync(ControlHost host)
    {
        var customer = await host.AddAccountAsync("customer");
        var other = await host.AddAccountAsync("other");
        var property = await host.AddPropertyAsync("asked-for", customer.Id);
        var neighbour = await host.AddPropertyAsync("neighbour", customer.Id);
        await host
            .Plane.Services.GetRequiredService<FleetRegistry>()
            .CreateAsync(ControlHost.Somebody, "pop-1", NodeRole.Pop, CancellationToken.None);

        var revoked = await customer.Client.PostAnswerAsync("/api/account/apikeys", new { name = "revoked" });
        (await customer.Client.DeleteAnswerAsync($"/api/account/apikeys/{revoked.Data.GetProperty("id").GetInt64()}")).Status.ShouldBe(200);
        var session = await host.Client.PostAnswerAsync(
            "/api/auth/login",
            new { email = host.Operator.Email, password = host.Operator.Password }
        );
        var restrictedOperator = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "purges", scope = "purge" });

        Caller[] all =
        [
            new(Who.Nobody, []),
            new(Who.RevokedKey, [("X-API-Key", revoked.Data.GetProperty("key").GetString()!)]),
            new(Who.KeyAsToken, [("Authorization", $"Bearer {customer.ApiKey}")]),
            new(Who.WrongAccount, [("X-API-Key", other.ApiKey)]),
            new(Who.Customer, [("X-API-Key", customer.ApiKey)]),
            new(Who.PurgeKey, [("X-API-Key", await NewKeyAsync(host, customer, "purge"))]),
            new(Who.PurgeKeyOfOther, [("X-API-Key", await NewKeyAsync(host, customer, "purge", neighbour.Id))]),
            new(Who.KeyOfThis, [("X-API-Key", await NewKeyAsync(host, customer, "account", property.Id))]),
            new(Who.KeyOfOther, [("X-API-Key", await NewKeyAsync(host, customer, "account", neighbour.Id))]),
            new(Who.Operator, [("X-API-Key", host.Operator.ApiKey)]),
            new(Who.OperatorSignedIn, [("Authorization", $"Bearer {session.Data.GetProperty("token").GetString()}")]),
            new(Who.OperatorsPurgeKey, [("X-API-Key", restrictedOperator.Data.GetProperty("key").GetString()!)]),
        ];
        all.Select(caller => caller.Who).Order().ShouldBe(Enum.GetValues<Who>().Order());
        return new Callers(customer, property, all);
    }

    private static async Task<string> NewKeyAsync(ControlHost host, TestAccount account, string scope, params long[] propertyIds)
    {
        var keys = host.Plane.Services.GetRequiredService<ApiKeys>();
        var order = ControlHost.Opened(KeyOrder.Parse("matrix", scope, propertyIds.Length == 0 ? null : propertyIds));
        var maker = new Control.Access.Caller(account.Id, "matrix", IsOperator: false);
        return ControlHost.Opened(await keys.CreateAsync(maker, order, CancellationToken.None)).Key;
    }

    private static IEnumerable<Operation> OperationsOf(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        let said = operation.Value
        select new Operation(
            said.GetProperty("operationId").GetString()!,
            operation.Name.ToUpperInvariant(),
            path.Name,
            said.TryGetProperty("requestBody", out var body)
                ? body.GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText()
                : null
        );

    private enum Entry
    {
        LetIn,
        Unauthenticated,
        Forbidden,
        NotThere,
    }

    /// <summary>What an endpoint asks of those who call it.</summary>
    private enum Door
    {
        Anyone,

        /// <summary>Sign-ins and keys of scope <c>account</c>; it shows what is theirs.</summary>
        Account,

        /// <summary>As <see cref="Account"/>, but no key that is for some properties.</summary>
        AllProperties,

        /// <summary>As <see cref="AllProperties"/>: what is asked for is keys themselves.</summary>
        Unrestricted,

        /// <summary>As <see cref="Account"/>, for a property that is theirs and the key's.</summary>
        Property,

        /// <summary>As <see cref="Property"/>, keys of scope <c>purge</c> too.</summary>
        PurgeOfProperty,

        Operator,

        /// <summary>Users who have signed in; no key.</summary>
        SignedIn,
    }

    private enum Who
    {
        Nobody,
        RevokedKey,
        KeyAsToken,
        WrongAccount,
        Customer,
        PurgeKey,
        PurgeKeyOfOther,
        KeyOfThis,
        KeyOfOther,
        Operator,
        OperatorSignedIn,
        OperatorsPurgeKey,
    }

    private sealed record Operation(string Id, string Method, string Path, string? Body);

    private sealed record Caller(Who Who, (string Name, string Value)[] Headers);

    private sealed record Callers(TestAccount Customer, CatalogueProperty Property, Caller[] All);
}
