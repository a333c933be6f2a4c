using Paradarum.Bench.Load;

namespace Paradarum.Bench.Hits;

/// <summary>One PoP, a process of its own, with the property that the control plane gave it. The control plane and the load are not counted.</summary>
internal static class ParadarumServer
{
    public static async Task<CacheServer> StartAsync(StaticOrigin origin)
    {
        var bed = await ProcessFleetBed.StartAsync(
            shields: 0,
            pops: 1,
            $"http://127.0.0.1:{origin.Port}",
            ["--store-size", "8GiB", "--largest-stored-body", "32MiB"]
        );
        var pop = bed.Nodes[0];
        await Console.Error.WriteLineAsync($"The PoP is process {pop.Id}."); // for a profiler
        return new("paradarum", (await ProcessFleetBed.AddressAsync(pop)).Port, "bench.cdn.localhost", () => [pop.Id], bed);
    }
}
