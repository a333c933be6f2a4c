using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Paradarum.Bench.Load;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;
using Paradarum.Protocol.Urls;
using Paradarum.SystemTests.Processes;
using Paradarum.Testing;

namespace Paradarum.Bench.DiskStart;

/// <summary><c>disk-start</c>: how soon a PoP answers that has very many objects on disk.</summary>
internal static class DiskStartCommand
{
    private const string Host = "bench.cdn.localhost";

    public static Command Create()
    {
        var objects = BenchReport.Number("--objects", "Objects of 1 KB on disk.", 1_000_000, 10_000_000);
        var result = BenchReport.Out();
        var command = new Command(
            "disk-start",
            """
            Measure the start of a PoP with a full disk tier: until it listens, until it answers its first visitor, until the newest and the oldest object on disk is a hit, and the memory that
            all of them take. Control plane and PoP are processes; the objects are written by the node's own code while the PoP is down.

            Example:
              dotnet run --project bench/Paradarum.Bench -c Release -- disk-start --out bench/results/disk-start.md
            """
        )
        {
            objects,
            result,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var report = await MeasureAsync(parsed.GetValue(objects), stop);
                return await BenchReport.KeepAsync(report, parsed.GetValue(result), stop);
            }
        );
        return command;
    }

    private static async Task<string> MeasureAsync(int objects, CancellationToken stop)
    {
        await using var bed = await ProcessFleetBed.StartAsync(shields: 0, pops: 0);
        using var folder = new TemporaryFolder();
        using var registered = await bed.Api.PostAsJsonAsync("/api/node", new { name = "pop-1" }, stop);
        var node = (await registered.Content.ReadFromJsonAsync<JsonObject>(stop))!["data"]!;
        var port = FreePorts.Row(1);

        // 1. A first start makes the store; nothing is in it, and its memory is what a node takes by itself.
        long empty;
        await using (var first = Start(bed, folder.Path, port, node["enrolmentToken"]!.GetValue<string>()))
        {
            await first.LineAsync("paradarum edge: ready");
            await WhenAsync(() => File.Exists(Path.Combine(folder["store"], DiskFormat.StateFile)), stop);
            empty = ProcessFacts.Resident(first.Id);
            await first.StopAsync();
        }

        // 2. The objects, by the code that writes them in a node.
        var wrote = Stopwatch.GetTimestamp();
        var bytes = Fill(folder["store"], node["id"]!.GetValue<string>(), bed.PropertyId, objects);
        var writing = Stopwatch.GetElapsedTime(wrote);

        // 3. The start that is measured.
        using var visitor = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var started = Stopwatch.GetTimestamp();
        await using var pop = Start(bed, folder.Path, port, token: null);
        await pop.LineAsync("paradarum edge: listening");
        var listening = Stopwatch.GetElapsedTime(started);
        await AskAsync(visitor, 0, stop);
        var answered = Stopwatch.GetElapsedTime(started);
        await WhenAsync(async () => await AskAsync(visitor, objects - 1, stop) == HttpStatusCode.OK, stop);
        var newest = Stopwatch.GetElapsedTime(started);
        await WhenAsync(async () => await AskAsync(visitor, 0, stop) == HttpStatusCode.OK, stop);
        var oldest = Stopwatch.GetElapsedTime(started);
        var full = ProcessFacts.Resident(pop.Id);
        var spent = ProcessFacts.ProcessorTime(pop.Id);
        await pop.StopAsync();

        var report = new StringBuilder();
        report.AppendLine("# A start with a full disk tier").AppendLine();
        report.AppendLine(
            "`dotnet run --project bench/Paradarum.Bench -c Release -- disk-start`: a PoP process whose store holds that many objects of 1 KB. Times are from the start of the process; a hit is"
        );
        report
            .AppendLine(
                "asked for by `only-if-cached`, so that nothing is fetched meanwhile. The newest segments are loaded first. The files are in the system's page cache, as after a restart of the process alone."
            )
            .AppendLine();
        report.AppendLine(BenchReport.Machine()).AppendLine();
        report.AppendLine(
            "| objects | on disk MiB | listens ms | first answer ms | newest is a hit ms | oldest is a hit ms | processor s | memory MiB | of it for each object, bytes |"
        );
        report.AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        report.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {objects} | {bytes >> 20} | {listening.TotalMilliseconds:F0} | {answered.TotalMilliseconds:F0} | {newest.TotalMilliseconds:F0} | {oldest.TotalMilliseconds:F0} | {spent.TotalSeconds:F1} | {full >> 20} | {(full - empty) / objects} |"
        );
        report
            .AppendLine()
            .AppendLine(
                CultureInfo.InvariantCulture,
                $"Written before, by one thread: {objects / writing.TotalSeconds:F0} objects a second."
            );
        return report.ToString();
    }

    private static ParadarumProcess Start(ProcessFleetBed bed, string folder, int port, string? token) =>
        ParadarumProcess.Start(
            [
                "edge",
                "--role",
                "pop",
                "--control",
                $"http://127.0.0.1:{bed.FleetPort}",
                "--listen",
                $"127.0.0.1:{port}",
                "--data",
                folder,
                "--origins-allow",
                "loopback",
                "--disk-size",
                "32GiB",
                "--store-size",
                "32GiB",
                "--visitors-direct-cache",
                "yes",
                "--log-level",
                "warning",
            ],
            token is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["PARADARUM_ENROLMENT_TOKEN"] = token }
        );

    private static async Task<HttpStatusCode> AskAsync(HttpClient visitor, int n, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Target(n));
        request.Headers.Host = Host;
        request.Headers.TryAddWithoutValidation("Cache-Control", "only-if-cached");
        using var answer = await visitor.SendAsync(request, stop);
        return answer.StatusCode;
    }

    private static string Target(int n) => string.Create(CultureInfo.InvariantCulture, $"/catalogue/products/{n}/picture-of-it.jpg");

    private static long Fill(string folder, string nodeId, long propertyId, int objects)
    {
        var files = new DiskFiles(folder);
        var (state, fault) = StoreState.Read(files.Read(DiskFormat.StateFile), nodeId);
        fault.ShouldBe(StoreFault.None);
        using var readers = new DiskReaders(new DiskHealth(TimeProvider.System));
        var log = new SegmentLog(files, readers, 256 << 20);
        log.Begin(state!.Store, state.NextSegment);
        var now = TimeProvider.System.GetUtcNow();
        var body = new byte[1024];
        for (var n = 0; n < objects; n++)
        {
            var target = CanonicalTarget.Parse(Target(n)).Ok(out var parsed, out _) ? parsed : throw new UnreachableException();
            var fetch = new Fetched(propertyId, new CacheKey("http", Host, target), target);
            fetch.Begin(state.Cursor.Position, 0);
            BitConverter.TryWriteBytes(body, n);
            IHeaderDictionary fields = new HeaderDictionary();
            fields.ContentType = "image/jpeg";
            fields.CacheControl = "public, max-age=86400";
            fields.ETag = $"\"{n:x8}\"";
            fields.Date = now.ToString("R", CultureInfo.InvariantCulture);
            fields.LastModified = fields.Date;
            fields.ContentLength = body.Length;
            var bytes = new StoredBody([body], DiskFormat.ChunkBytes, body.Length);
            var entry = new StoredResponse(fetch, 200, fields, bytes, StoredFreshness.Of(fields, 200, now, now, rule: null), VaryKey.None);
            log.Write(entry, bytes);
            if (n % 1000 == 999)
                log.Flush();
        }
        log.Flush();
        log.Sync();
        var written = log.Bytes;
        log.Close();
        return written;
    }

    private static Task WhenAsync(Func<bool> happened, CancellationToken stop) => WhenAsync(() => Task.FromResult(happened()), stop);

    private static async Task WhenAsync(Func<Task<bool>> happened, CancellationToken stop)
    {
        while (!await happened())
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stop);
    }

    private sealed class Fetched(long propertyId, CacheKey key, CanonicalTarget fetched) : FetchInFlight(propertyId, key, fetched);
}
