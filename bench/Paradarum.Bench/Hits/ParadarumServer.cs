using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Paradarum.Bench.Load;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>One PoP, a process of its own, with the property that the control plane gave it. The control plane and the load are not counted.</summary>
internal static class ParadarumServer
{
    public static async Task<CacheServer> StartAsync(StaticOrigin origin, TlsFiles tls)
    {
        var tlsPort = FreePorts.Row(1);
        var bed = await ProcessFleetBed.StartAsync(
            shields: 0,
            pops: 1,
            $"http://127.0.0.1:{origin.Port}",
            ["--store-size", "8GiB", "--largest-stored-body", "32MiB", "--https", $"127.0.0.1:{tlsPort}"]
        );
        var hostnames = await bed.Api.GetFromJsonAsync<JsonObject>($"/api/property/{bed.PropertyId}/hostname");
        var certificate = $"/api/property/{bed.PropertyId}/hostname/{hostnames!["data"]![0]!["id"]}/certificate";
        using var installed = await bed.Api.PostAsJsonAsync(certificate, tls.Issued.Body);
        installed.EnsureSuccessStatusCode();
        var pop = bed.Nodes[0];
        await Console.Error.WriteLineAsync($"The PoP is process {pop.Id}."); // for a profiler
        var port = (await ProcessFleetBed.AddressAsync(pop)).Port;
        return new("paradarum", port, CacheServer.Site, () => [pop.Id], bed) { TlsPort = tlsPort };
    }
}
