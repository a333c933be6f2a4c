using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Tests.Fleet;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>Contract part 2, server-sent events; docs/formats/purge-events.md.</summary>
public sealed class The_events_of_a_purge
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Tell_each_node_and_state_and_end_with_complete()
    {
        await using var fleet = await Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        using var events = await EventStream.OpenAsync(fleet.Host.Client, location + "/events");

        var first = await events.NextAsync();
        first!.Kind.ShouldBe("node");
        first.Data.GetProperty("id").GetString().ShouldBe(fleet.NodeId);
        first.Data.GetProperty("state").GetString().ShouldBe("pending");
        await fleet.ApplyAsync(position);
        var rest = await events.RestAsync();

        rest[^1].Kind.ShouldBe("complete");
        rest[^1].Data.GetProperty("state").GetString().ShouldBe("complete");
        rest[^1].Data.GetProperty("jobsDone").GetInt64().ShouldBe(2);
        rest[^2].Kind.ShouldBe("state");
        rest[^2].Data.GetProperty("state").GetString().ShouldBe("complete");
        rest[^2].Data.GetProperty("completedAt").GetString().ShouldBe(rest[^1].Data.GetProperty("completedAt").GetString());
        var applied = rest.Last(one => one.Kind == "node").Data;
        applied.GetProperty("state").GetString().ShouldBe("applied");
        applied.GetProperty("objects").GetInt64().ShouldBe(3);
        rest.Select(one => one.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task Go_on_after_the_last_one_that_was_seen()
    {
        await using var fleet = await Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        string seen;
        using (var first = await EventStream.OpenAsync(fleet.Host.Client, location + "/events"))
        {
            await first.NextAsync();
            seen = (await first.NextAsync())!.Id;
        }
        using var again = await EventStream.OpenAsync(fleet.Host.Client, location + "/events", seen);
        await fleet.ApplyAsync(position);
        var rest = await again.RestAsync();

        // What was seen (the node pending) is not told again; what it became is.
        rest.Where(one => one.Kind == "node").ShouldAllBe(one => one.Data.GetProperty("state").GetString() != "pending");
        rest[^1].Kind.ShouldBe("complete");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another-7")]
    [InlineData("-")]
    public async Task Tell_everything_of_a_complete_purge_at_once_and_end(string? lastEventId)
    {
        await using var fleet = await Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        await fleet.ApplyAsync(position);
        (await fleet.Host.Client.GetAnswerAsync(location + "?wait=30s")).Data.GetProperty("state").GetString().ShouldBe("complete");

        using var events = await EventStream.OpenAsync(fleet.Host.Client, location + "/events", lastEventId);
        (await events.RestAsync()).Select(one => one.Kind).ShouldBe(["node", "state", "complete"]);
    }

    [Fact]
    public async Task Come_to_hundreds_of_listeners_while_one_that_does_not_read_holds_up_nobody()
    {
        await using var fleet = await Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        using var deaf = await EventStream.OpenAsync(fleet.Host.Client, location + "/events");
        var listeners = await Task.WhenAll(
            Enumerable.Range(0, 300).Select(_ => EventStream.OpenAsync(fleet.Host.Client, location + "/events"))
        );

        await fleet.ApplyAsync(position);
        foreach (var listener in listeners)
        {
            (await listener.RestAsync())[^1].Kind.ShouldBe("complete");
            listener.Dispose();
        }
    }

    [Fact]
    public async Task Are_not_needed_to_wait_hundreds_of_times_for_one_purge_and_go_away_meanwhile()
    {
        await using var fleet = await Leased.StartAsync();
        var (location, position) = await fleet.PurgeAsync();
        using var gone = new CancellationTokenSource();
        var impatient = Enumerable.Range(0, 50).Select(_ => fleet.Host.Client.GetAsync(location + "?wait=60s", gone.Token)).ToList();
        var waiting = Enumerable.Range(0, 400).Select(_ => fleet.Host.Client.GetAnswerAsync(location + "?wait=60s")).ToList();
        (await fleet.Host.Client.GetAnswerAsync(location + "?wait=10ms")).Data.GetProperty("state").GetString().ShouldNotBe("complete");
        await gone.CancelAsync();
        foreach (var one in impatient)
            await Should.ThrowAsync<OperationCanceledException>(one);

        await fleet.ApplyAsync(position);
        foreach (var receipt in await Task.WhenAll(waiting))
            receipt.Data.GetProperty("state").GetString().ShouldBe("complete");
    }

    [Fact]
    public async Task Are_kept_alive_by_comments()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var fleet = await Leased.StartAsync(new ControlPlaneSurroundings { Time = time });
        var (location, _) = await fleet.PurgeAsync();
        using var events = await EventStream.OpenAsync(fleet.Host.Client, location + "/events");

        var line = events.LineAsync();
        for (var moved = Stopwatch.StartNew(); !line.IsCompleted || !(await line)!.StartsWith(':'); await Task.Yield())
        {
            moved.Elapsed.ShouldBeLessThan(LongEnough);
            time.Advance(TimeSpan.FromMilliseconds(50));
            if (line.IsCompleted)
                line = events.LineAsync();
        }
    }

    [Fact]
    public async Task Are_guarded_like_the_receipt()
    {
        await using var fleet = await Leased.StartAsync();
        var (location, _) = await fleet.PurgeAsync();
        var stranger = await fleet.Host.AddAccountAsync("stranger");
        using var other = stranger.Client;
        using var nobody = fleet.Host.NewClient(apiKey: null);

        (await nobody.GetAnswerAsync(location + "/events")).Status.ShouldBe(401);
        (await other.GetAnswerAsync(location + "/events")).Message.ShouldBe("Property not found.");
        (await fleet.Host.Client.GetAnswerAsync(location + "x/events")).Message.ShouldBe("Purge not found.");
        (await fleet.Host.Client.CallAsync(HttpMethod.Post, location + "/events")).Message.ShouldBe("Method not allowed.");
        await fleet.Host.Changes.SetStateAsync(ControlHost.Somebody, fleet.Property.Id, PropertyState.Disabled, default);
        using var events = await EventStream.OpenAsync(fleet.Host.Client, location + "/events");
        (await events.NextAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task End_in_good_order_with_the_control_plane_and_so_does_who_waits_for_the_receipt()
    {
        var arrivals = new Arrivals();
        await using var fleet = await Leased.StartAsync(
            new ControlPlaneSurroundings { Services = services => services.AddSingleton<IStartupFilter>(arrivals) }
        );
        var (location, _) = await fleet.PurgeAsync();
        using var events = await EventStream.OpenAsync(fleet.Host.Client, location + "/events");
        (await events.NextAsync())!.Kind.ShouldBe("node");
        var waiting = fleet.Host.Client.GetAnswerAsync(location + "?wait=60s");
        await arrivals.OfWaiting.WaitAsync(LongEnough, TimeProvider.System);

        // It cuts off who is still being answered after ten seconds: neither of the two is.
        await fleet.Host.Plane.DisposeAsync();

        (await events.RestAsync()).ShouldAllBe(one => one.Kind != "complete");
        (await waiting).Data.GetProperty("state").GetString().ShouldNotBe("complete");
    }

    /// <summary>Says when a request that waits has come.</summary>
    private sealed class Arrivals : IStartupFilter
    {
        private readonly TaskCompletionSource _ofWaiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task OfWaiting => _ofWaiting.Task;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(
                    (context, following) =>
                    {
                        if (context.Request.Query.ContainsKey("wait"))
                            _ofWaiting.TrySetResult();
                        return following(context);
                    }
                );
                next(app);
            };
    }

    /// <summary>A control plane with one leased PoP whose acknowledgements the test sends.</summary>
    internal sealed class Leased : IAsyncDisposable
    {
        private readonly FleetPort _port;
        private readonly FleetPort.PlayedNode _node;

        private Leased(ControlHost host, CatalogueProperty property, FleetPort port, FleetPort.PlayedNode node, string nodeId) =>
            (Host, Property, _port, _node, NodeId) = (host, property, port, node, nodeId);

        public ControlHost Host { get; }
        public CatalogueProperty Property { get; }
        public string NodeId { get; }

        public static async Task<Leased> StartAsync(
            ControlPlaneSurroundings? surroundings = null,
            Func<ControlPlaneOptions, ControlPlaneOptions>? configure = null
        )
        {
            var host = await ControlHost.StartAsync(configure: configure, surroundings: surroundings);
            var property = await host.AddPropertyAsync("demo");
            var port = new FleetPort(host);
            var pop = await port.EnrolAsync("pop1", NodeRole.Pop);
            var node = await port.ConnectAsync(pop);
            var snapshot = (await node.HearAsync(ControlMessage.BodyOneofCase.Snapshot)).Snapshot;
            await node.AckAsync(snapshot.Position, snapshot.Hash);
            await node.BeatAsync(1);
            await node.HearAsync(ControlMessage.BodyOneofCase.Grant);
            return new Leased(host, property, port, node, pop.NodeId);
        }

        public async Task<(string Location, ulong Position)> PurgeAsync()
        {
            var answer = await ApiAnswer.ReadAsync(
                await Host.Client.PostAsJsonAsync($"/api/property/{Property.Id}/purge", new { type = "All" })
            );
            answer.Status.ShouldBe(200);
            return (answer.Response.Headers.Location!.OriginalString, Host.Feed.Head.Position);
        }

        /// <summary>The node applies everything up to here and says that it removed three objects.</summary>
        public async Task ApplyAsync(ulong position, bool final = true)
        {
            LogRecordMessage last;
            do last = (await _node.HearAsync(ControlMessage.BodyOneofCase.Records)).Records.Records_[^1];
            while (last.Position < position);
            await _node.AckAsync(
                position,
                last.Hash,
                new PurgeCount
                {
                    Position = position,
                    Objects = 3,
                    Bytes = 900,
                    Final = final,
                }
            );
        }

        /// <summary>What the node is asked next about its store.</summary>
        public async Task<StoreQuestion> HearQuestionAsync() => (await _node.HearAsync(ControlMessage.BodyOneofCase.Question)).Question;

        public Task AnswerAsync(StoreAnswer answer) => _node.SayAsync(new NodeMessage { Answer = answer });

        public async ValueTask DisposeAsync()
        {
            _node.Dispose();
            _port.Dispose();
            await Host.DisposeAsync();
        }
    }

    internal sealed record Event(string Kind, string Id, JsonElement Data);

    /// <summary>Reads a stream as the format says: fields line by line, an empty line ends an event, a colon begins a comment.</summary>
    internal sealed class EventStream(HttpResponseMessage response, StreamReader lines) : IDisposable
    {
        public static async Task<EventStream> OpenAsync(HttpClient client, string path, string? lastEventId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (lastEventId is not null)
                request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
            return new EventStream(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public Task<string?> LineAsync() => lines.ReadLineAsync().WaitAsync(LongEnough, TimeProvider.System);

        public async Task<Event?> NextAsync()
        {
            var fields = new Dictionary<string, string>(StringComparer.Ordinal);
            while (await LineAsync() is { } line)
            {
                if (line.Length == 0 && fields.Count > 0)
                    return new Event(fields["event"], fields["id"], JsonSerializer.Deserialize<JsonElement>(fields["data"]));
                if (line.Length > 0 && line[0] != ':')
                    fields[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
            }
            return null;
        }

        public async Task<List<Event>> RestAsync()
        {
            var rest = new List<Event>();
            while (await NextAsync() is { } next)
                rest.Add(next);
            return rest;
        }

        public void Dispose()
        {
            lines.Dispose();
            response.Dispose();
        }
    }
}
