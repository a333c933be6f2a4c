using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Paradarum.Testing;

/// <summary>
/// Stands around the API of a control plane under test and looks whether every status that an endpoint answers is one that docs/api/openapi.json names: whatever a test
/// makes an endpoint say, the document has to know.
/// </summary>
internal sealed class DeclaredStatuses : IStartupFilter
{
    private static readonly Lazy<HashSet<string>> Known = new(Read);

    private readonly ConcurrentDictionary<string, bool> _unknown = new(StringComparer.Ordinal);

    /// <summary>What was answered and is not in the document, as in <c>GET /api/property 418</c>.</summary>
    public IReadOnlyList<string> Unknown => [.. _unknown.Keys.Order(StringComparer.Ordinal)];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(LookAsync);
            next(app);
        };

    private async Task LookAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (
            context.GetEndpoint() is not RouteEndpoint endpoint
            || !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        )
            return;
        var answered = $"{context.Request.Method} /{endpoint.RoutePattern.RawText?.Trim('/')} {context.Response.StatusCode}";
        if (!Known.Value.Contains(answered))
            _unknown[answered] = true;
    }

    private static HashSet<string> Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SourceTree.Root, "docs", "api", "openapi.json")));
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                foreach (var answer in operation.Value.GetProperty("responses").EnumerateObject())
                    known.Add($"{operation.Name.ToUpperInvariant()} {path.Name} {answer.Name}");
            }
        }

        return known;
    }
}
