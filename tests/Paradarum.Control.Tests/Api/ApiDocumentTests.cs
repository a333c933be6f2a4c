using System.Text.Json;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Api;

/// <summary>The OpenAPI document (contract section 0). What clients generate code from changes only where someone looks at the difference.</summary>
public sealed class The_API_document
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public async Task Is_what_was_committed()
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var served =
            JsonSerializer.Serialize(
                JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/swagger/v1/swagger.json")),
                Indented
            ) + "\n";
        var committed = Path.Combine(SourceTree.Root, "docs", "api", "openapi.json");
        var kept = File.Exists(committed) ? await File.ReadAllTextAsync(committed) : "";
        if (served != kept)
            await File.WriteAllTextAsync(committed + ".new", served);
        served.ShouldBe(
            kept,
            "the document changed: look at docs/api/openapi.json.new and, when it is meant, put it in the place of openapi.json"
        );
    }

    [Fact]
    public async Task Names_both_ways_to_prove_who_asks_and_needs_neither()
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var document = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/swagger/v1/swagger.json"));
        var schemes = document.GetProperty("components").GetProperty("securitySchemes");
        schemes.GetProperty("ApiKeyAuth").GetProperty("name").GetString().ShouldBe("X-API-Key");
        schemes.GetProperty("ApiKeyAuth").GetProperty("in").GetString().ShouldBe("header");
        schemes.GetProperty("Bearer").GetProperty("bearerFormat").GetString().ShouldBe("JWT");
        var paths = document.GetProperty("paths");
        paths.GetProperty("/api/property/{id}/purge").GetProperty("post").GetProperty("security").GetArrayLength().ShouldBe(2);
        paths.GetProperty("/api/auth/login").GetProperty("post").TryGetProperty("security", out _).ShouldBeFalse();
    }
}
