using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing.Postgres;

namespace Paradarum.Testing;

/// <summary>A control plane on real loopback ports with a data folder of its own: what tests of the REST API and of whole fleets stand on.</summary>
internal sealed class ControlHost : IAsyncDisposable
{
    private readonly bool _ownsFolder;

    private readonly DeclaredStatuses _statuses;

    private ControlHost(ControlPlane plane, OperatorAccess access, string folder, bool ownsFolder, DeclaredStatuses statuses)
    {
        (Plane, Operator, Folder, _ownsFolder, _statuses) = (plane, access, folder, ownsFolder, statuses);
        Client = NewClient(access.ApiKey);
    }

    public ControlPlane Plane { get; }

    public string Folder { get; }

    /// <summary>The operator's account: key, e-mail address, password.</summary>
    public OperatorAccess Operator { get; }

    /// <summary>Sends the operator's key.</summary>
    public HttpClient Client { get; }

    public PropertyCatalogue Catalogue => Plane.Services.GetRequiredService<PropertyCatalogue>();

    public PropertyChanges Changes => Plane.Services.GetRequiredService<PropertyChanges>();

    public LogWriter Writer => Plane.Services.GetRequiredService<LogWriter>();

    public LogFeed Feed => Plane.Services.GetRequiredService<LogFeed>();

    /// <param name="folder">Null for a new one that is deleted at the end; else one that is kept.</param>
    /// <param name="configure">Changes the options; ports are free ones unless it says otherwise.</param>
    /// <param name="surroundings">The clock and the flush.</param>
    public static async Task<ControlHost> StartAsync(
        string? folder = null,
        Func<ControlPlaneOptions, ControlPlaneOptions>? configure = null,
        ControlPlaneSurroundings? surroundings = null,
        OperatorAccess? known = null
    )
    {
        var path = folder ?? Directory.CreateTempSubdirectory("paradarum-control-").FullName;
        var options = new ControlPlaneOptions
        {
            Log = new LogOptions { Folder = path, Database = TestDatabases.For(path) },
            ApiPort = 0,
            OriginsAllow = AllowedAddresses.Any,
        };
        var around = surroundings ?? new();
        var statuses = new DeclaredStatuses();
        around = around with { Services = around.Services + (services => ForTests(services, statuses)) };
        var plane = await ControlPlane.StartAsync(configure?.Invoke(options) ?? options, around, CancellationToken.None);
        var access = await plane
            .Services.GetRequiredService<FirstStart>()
            .OperatorAsync(known?.ApiKey, known?.Password, CancellationToken.None);
        return new ControlHost(plane, access, path, ownsFolder: folder is null, statuses);
    }

    private static void ForTests(IServiceCollection services, DeclaredStatuses statuses)
    {
        services.AddSingleton<IStartupFilter>(statuses);
        // The framework's number of rounds costs a tenth of a second for each start and sign-in: a third of all that the tests of the API took.
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 1_000);
    }

    /// <summary>Who changes things in tests that are about something else.</summary>
    public static readonly Caller Somebody = new(1, "test", IsOperator: true);

    /// <summary>A client that sends this key, or none when it is null.</summary>
    public HttpClient NewClient(string? apiKey)
    {
        var client = new HttpClient { BaseAddress = Plane.Api };
        if (apiKey is not null)
            client.DefaultRequestHeaders.Add("X-API-Key", apiKey);
        return client;
    }

    /// <summary>Another account with a key of its own.</summary>
    public async Task<TestAccount> AddAccountAsync(string name)
    {
        var keys = Plane.Services.GetRequiredService<ApiKeys>();
        var order = KeyOrder.Parse(name, null, null).Ok(out var parsed, out var refusal)
            ? parsed
            : throw new InvalidOperationException(refusal.Message);
        var (id, key) = await Writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var account = new Account
                {
                    Name = name,
                    IsOperator = false,
                    CreatedAt = write.Now,
                };
                db.Add(account);
                db.SaveChanges();
                return (account.Id, keys.Issue(write, Somebody.Actor, account.Id, isOperator: false, order).Key);
            },
            CancellationToken.None
        );
        return new TestAccount(id, key, NewClient(key));
    }

    /// <summary>A property with one Active hostname, <c>NAME.cdn.localhost</c>, of the operator's account unless another is named.</summary>
    public async Task<CatalogueProperty> AddPropertyAsync(string name, long? accountId = null, params IReadOnlyList<Origin> origins)
    {
        var order = new PropertyOrder(name, origins.Count > 0 ? [.. origins] : [new Origin("http", "127.0.0.1", 9, "", true)]);
        return Opened(
            await Changes.CreateAsync(Somebody with { AccountId = accountId ?? Operator.AccountId }, order, CancellationToken.None)
        );
    }

    /// <summary>The value, or a test failure that carries the refusal.</summary>
    public static T Opened<T>(Result<T> result) =>
        result.Ok(out var value, out var refusal) ? value : throw new InvalidOperationException(refusal.Message);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Plane.DisposeAsync();
        if (_ownsFolder)
        {
            TestDatabases.Forget(Folder);
            Directory.Delete(Folder, recursive: true);
        }
        if (_statuses.Unknown is { Count: > 0 } unknown)
            throw new InvalidOperationException(
                $"An endpoint answered what docs/api/openapi.json does not name; say it where it is mapped (Refuses): {string.Join(", ", unknown)}"
            );
    }
}

internal sealed record TestAccount(long Id, string ApiKey, HttpClient Client);

/// <summary>An answer in the envelope as a client reads it.</summary>
internal sealed record ApiAnswer(
    int Status,
    bool Succeeded,
    string Message,
    JsonElement Data,
    JsonElement Whole,
    HttpResponseMessage Response
)
{
    public static async Task<ApiAnswer> ReadAsync(HttpResponseMessage response)
    {
        var whole = await response.Content.ReadFromJsonAsync<JsonElement>();
        return new ApiAnswer(
            (int)response.StatusCode,
            whole.GetProperty("succeeded").GetBoolean(),
            whole.GetProperty("message").GetString()!,
            whole.GetProperty("data"),
            whole,
            response
        );
    }
}

internal static class ApiCalls
{
    public static async Task<ApiAnswer> CallAsync(
        this HttpClient client,
        HttpMethod method,
        string path,
        HttpContent? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await ApiAnswer.ReadAsync(await client.SendAsync(request));
    }

    public static Task<ApiAnswer> GetAnswerAsync(this HttpClient client, string path) => client.CallAsync(HttpMethod.Get, path);

    public static Task<ApiAnswer> PostAnswerAsync(this HttpClient client, string path, object body) =>
        client.CallAsync(HttpMethod.Post, path, JsonContent.Create(body));

    public static Task<ApiAnswer> DeleteAnswerAsync(this HttpClient client, string path) => client.CallAsync(HttpMethod.Delete, path);
}
