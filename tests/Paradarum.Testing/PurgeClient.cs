using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Paradarum.Testing;

/// <summary>The purge API as a script calls it.</summary>
public static class PurgeClient
{
    /// <summary>Sends one purge that must be accepted; returns the path of its receipt.</summary>
    public static async Task<string> PurgeAsync(this HttpClient api, long propertyId, object purge)
    {
        using var response = await api.PostAsJsonAsync($"/api/property/{propertyId}/purge", purge);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return response.Headers.Location!.OriginalString;
    }

    public static async Task<JsonObject> ReceiptAsync(this HttpClient api, string location, string? wait = null)
    {
        var answer = await api.GetFromJsonAsync<JsonObject>(wait is null ? location : $"{location}?wait={wait}");
        return answer!["data"]!.AsObject();
    }

    public static async Task<JsonObject> PurgeAndWaitAsync(this HttpClient api, long propertyId, object purge) =>
        await api.ReceiptAsync(await api.PurgeAsync(propertyId, purge), "60s");
}
