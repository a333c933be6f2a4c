using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Telemetry;
using Paradarum.Edge;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Link;
using Paradarum.SystemTests.Hostile;
using Paradarum.Testing;

namespace Paradarum.SystemTests.Telemetry;

/// <summary>Meters and sources are of the whole process, so nothing else runs beside these.</summary>
[Collection(nameof(Alone))]
public sealed class What_an_operator_sees
{
    [Fact]
    public async Task At_slash_metrics_are_purges_the_log_and_every_node()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        fleet.Serves("page");
        await fleet.Pops[0].VisitAsync("/a");
        await fleet.PurgeAndWaitAsync("Path", "/a");
        (await fleet.Control.Client.PostAsJsonAsync("/api/property/999/purge", new { type = "All" })).StatusCode.ShouldBe(
            HttpStatusCode.NotFound
        );

        var metrics = await Metrics.ReadAsync(fleet);

        metrics["paradarum_purges_accepted_total", "by=\"client\""].ShouldBe(1);
        metrics["paradarum_purges_refused_total", "reason=\"unknown_property\""].ShouldBe(1);
        metrics["paradarum_log_head"].ShouldBe(fleet.Control.Feed.Head.Position);
        foreach (var (name, role) in new[] { ("shield-1", "shield"), ("pop-1", "pop"), ("pop-2", "pop") })
        {
            string[] node = [$"node=\"{name}\"", $"role=\"{role}\""];
            metrics["paradarum_node_lag", node].ShouldBe(0);
            metrics["paradarum_node_lag_time_seconds", node].ShouldBe(0);
            metrics["paradarum_node_lease", node].ShouldBe(2);
            metrics["paradarum_node_healthy", node].ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_node_that_is_cut_off_falls_behind_in_positions_and_in_seconds()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        fleet.Pops[1].Link.Cut();
        await fleet.PurgeAsync("All");
        await fleet.PurgeAsync("All");

        await Eventually.Async(async () =>
        {
            var metrics = await Metrics.ReadAsync(fleet);
            return metrics["paradarum_node_lag", "node=\"pop-2\""] == 2 && metrics["paradarum_node_lag_time_seconds", "node=\"pop-2\""] > 0;
        });

        // Its lease is over, its grace runs.
        await Eventually.Async(async () => (await Metrics.ReadAsync(fleet))["paradarum_node_lease", "node=\"pop-2\""] == 1);
    }

    [Fact]
    public async Task One_purge_is_one_trace_from_the_API_to_each_node()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var tracer = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Paradarum.Control" or "Paradarum.Edge" or "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(tracer);
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        var trace = ActivityTraceId.CreateRandom();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/property/{fleet.Property.Id}/purge")
        {
            Content = JsonContent.Create(new { type = "All" }),
        };
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");

        using var answer = await fleet.Control.Client.SendAsync(request);
        await fleet.ReceiptAsync(answer.Headers.Location!.OriginalString, "30s");

        await Eventually.Async(() => Of("purge.apply").Count == 3 && Of("purge.dispatch").Count == 3);
        var accept = Of("purge.accept").ShouldHaveSingleItem();
        string[] nodes = [.. fleet.Shields.Concat(fleet.Pops).Select(edge => edge.Id).Order(StringComparer.Ordinal)];
        foreach (var name in new[] { "purge.dispatch", "purge.apply" })
        {
            Of(name).Select(span => span.GetTagItem("paradarum.node")).Order().ShouldBe(nodes);
            Of(name).ShouldAllBe(span => span.ParentSpanId == accept.SpanId);
        }

        List<Activity> Of(string name) => [.. spans.Where(span => span.TraceId == trace && span.OperationName == name)];
    }

    [Fact]
    public async Task The_prober_measures_how_long_each_PoP_answers_with_old_bytes_and_shows_itself_to_nobody()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 2);
        var prober = fleet.Control.Plane.Services.GetRequiredService<Prober>();

        await prober.ProbeAsync(CancellationToken.None);
        await prober.ProbeAsync(CancellationToken.None);

        var metrics = await Metrics.ReadAsync(fleet);
        metrics["paradarum_probes_total"].ShouldBe(2);
        metrics["paradarum_probe_stale_window_seconds_count", "node=\"pop-1\""].ShouldBe(2);
        metrics["paradarum_probe_stale_window_seconds_count", "node=\"pop-2\""].ShouldBe(2);
        metrics.Has("paradarum_probe_stale_after_complete_total").ShouldBeFalse();
        metrics.Has("paradarum_probe_failures_total").ShouldBeFalse();
        metrics["paradarum_purges_accepted_total", "by=\"system\""].ShouldBe(2);
        var properties = await fleet.Control.Client.GetFromJsonAsync<JsonObject>("/api/property");
        properties!["totalRecords"]!.GetValue<int>().ShouldBe(1, "only the property that somebody made");
        var trail = await fleet.Control.Client.GetFromJsonAsync<JsonObject>("/api/audit?type=purge");
        trail!["totalRecords"]!.GetValue<int>().ShouldBe(0, "what it does every few seconds would push all else away");
        var own = await fleet.Control.Client.GetFromJsonAsync<JsonObject>("/api/audit?type=purge&actor=prober");
        own!["totalRecords"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task A_PoP_that_answers_with_old_bytes_after_complete_is_counted()
    {
        await using var fleet = await TestFleet.StartAsync(shields: 1, pops: 1);
        await using var liar = new ScriptedOrigin { Script = exchange => exchange.RespondAsync("1") };
        using var folder = new TemporaryFolder();
        await using var pop = ControlHost.Opened(
            await NodeHost.StartAsync(
                new NodeHostOptions(
                    new EdgeOptions
                    {
                        Name = "liar",
                        Role = EdgeRole.Pop,
                        OriginsAllow = AllowedAddresses.Loopback,
                    },
                    folder["liar"],
                    fleet.Control.Plane.Fleet,
                    0
                )
                {
                    EnrolmentToken = await fleet.RegisterAsync("liar", NodeRole.Pop),
                    // Visitors, and the prober, reach something else in its place.
                    PublicUrl = new Uri($"http://127.0.0.1:{liar.Port}"),
                },
                CancellationToken.None
            )
        );
        await fleet.Registry.WhenHealthyAsync([pop.Id], CancellationToken.None);

        await fleet.Control.Plane.Services.GetRequiredService<Prober>().ProbeAsync(CancellationToken.None);

        var metrics = await Metrics.ReadAsync(fleet);
        metrics["paradarum_probe_stale_after_complete_total", "node=\"liar\""].ShouldBe(1);
        metrics["paradarum_probe_stale_window_seconds_count", "node=\"pop-1\""].ShouldBe(1);
    }
}

/// <summary>The text that Prometheus reads.</summary>
internal sealed class Metrics
{
    private readonly string[] _lines;

    private Metrics(string text) => _lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The one sample of that name with all of these labels.</summary>
    public double this[string name, params string[] labels] => Value(Samples(name, labels).ShouldHaveSingleItem());

    public static Task<Metrics> ReadAsync(TestFleet fleet) => ReadAsync(fleet.Control.Plane.Api);

    public static async Task<Metrics> ReadAsync(Uri api)
    {
        using var anyone = new HttpClient { BaseAddress = api };
        return new Metrics(await anyone.GetStringAsync("/metrics"));
    }

    public bool Has(string name) => Samples(name, []).Count > 0;

    private List<string> Samples(string name, string[] labels) =>
        [
            .. _lines.Where(line =>
                (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
                && labels.All(label => line.Contains(label, StringComparison.Ordinal))
            ),
        ];

    /// <summary>After the labels, or after the name when there are none; a time may follow it.</summary>
    private static double Value(string sample) =>
        double.Parse(
            sample[(sample.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).First(IsNumber),
            CultureInfo.InvariantCulture
        );

    private static bool IsNumber(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out _);
}
