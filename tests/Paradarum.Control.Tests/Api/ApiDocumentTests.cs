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

    [Fact]
    public async Task Says_and_shows_of_every_endpoint_what_it_takes_and_what_it_answers()
    {
        var document = await ServedAsync();
        var missing = new List<string>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var operation in OperationsOf(document))
        {
            void Want(bool there, string what)
            {
                if (!there)
                    missing.Add($"{operation.Name}: {what}");
            }

            var said = operation.Said;
            Want(Text(said, "summary") is { Length: > 10 }, "a summary (WithSummary)");
            Want(Text(said, "description") is { Length: > 10 }, "who may call it");
            Want(said.TryGetProperty("tags", out var tags) && tags.GetArrayLength() == 1, "a tag (WithTags)");
            Want(ids.Add(Text(said, "operationId") ?? ""), "an operationId of its own (WithName)");
            foreach (var parameter in Items(said, "parameters"))
                Want(
                    Text(parameter, "description") is { Length: > 5 },
                    $"what parameter {Text(parameter, "name")} is (ApiOperation.PathIds)"
                );
            if (operation.Method is "post" or "put" or "patch" && said.TryGetProperty("requestBody", out var body))
                Want(Json(body).TryGetProperty("example", out _), "an example of its body (Reads)");

            var answers = said.GetProperty("responses").EnumerateObject().ToDictionary(answer => answer.Name, answer => answer.Value);
            Want(answers.Keys.Count(status => status[0] == '2') == 1, "one status of success (Produces)");
            Want(answers.ContainsKey("500"), "500: map it on the routes of ApiRoutes");
            if (said.TryGetProperty("security", out _))
                Want(answers.ContainsKey("401") && answers.ContainsKey("429"), "401 and 429: map it on the routes of ApiRoutes");
            if (operation.Path.Contains('{', StringComparison.Ordinal))
                Want(answers.ContainsKey("404"), "404 for an id that does not exist (Refuses)");
            if (said.TryGetProperty("requestBody", out _))
                Want(new[] { "400", "413", "415" }.All(answers.ContainsKey), "400, 413 and 415: describe its body with Reads");
            foreach (var (status, answer) in answers)
            {
                Want(Text(answer, "description") is { Length: > 0 }, $"what {status} means");
                if (Json(answer) is { ValueKind: JsonValueKind.Object } content)
                    Want(
                        content.TryGetProperty("schema", out _) && content.TryGetProperty("example", out _),
                        $"an example of {status} (Shows)"
                    );
            }
        }

        missing.ShouldBeEmpty();
        ids.Count.ShouldBeGreaterThan(25);
    }

    [Fact]
    public async Task Passes_the_linter()
    {
        var folder = Path.Combine(SourceTree.Root, "tests", "Paradarum.Testing", "ApiLint");
        await NpmFolder.InstallAsync(folder);
        var document = Path.Combine(SourceTree.Root, "docs", "api", "openapi.json");
        var (code, output) = await NpmFolder.RunAsync(
            folder,
            "node",
            Spectral,
            "lint",
            "--ruleset",
            "rules.yaml",
            "--fail-severity",
            "hint",
            document
        );
        output.ShouldContain("No results");
        code.ShouldBe(0);

        // The linter does find what is wrong: an example that does not fit its schema.
        using var scratch = new TemporaryFolder();
        var broken = scratch["broken.json"];
        await File.WriteAllTextAsync(
            broken,
            (await File.ReadAllTextAsync(document)).Replace("\"jobCount\": 6", "\"jobCount\": \"six\"", StringComparison.Ordinal)
        );
        (code, output) = await NpmFolder.RunAsync(folder, "node", Spectral, "lint", "--ruleset", "rules.yaml", broken);
        output.ShouldContain("oas3-valid-media-example");
        code.ShouldNotBe(0);
    }

    private const string Spectral = "node_modules/@stoplight/spectral-cli/dist/index.js";

    private static async Task<JsonElement> ServedAsync()
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        return JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/swagger/v1/swagger.json"));
    }

    private static IEnumerable<(string Name, string Method, string Path, JsonElement Said)> OperationsOf(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Name, path.Name, operation.Value);

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.EnumerateArray() : default;

    private static JsonElement Json(JsonElement element) =>
        element.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json) ? json : default;
}
