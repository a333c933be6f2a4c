using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Log;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Purging;

/// <summary>A control plane over real HTTP and a real database with one property, and a census of two shields and four PoPs that tests may change.</summary>
internal sealed class PurgeHost : IAsyncDisposable
{
    public static readonly FleetCensus TwoShieldsFourPops = new(["s1", "s2"], ["p1", "p2", "p3", "p4"]);

    private PurgeHost(ControlHost control, CatalogueProperty property, Settings settings) =>
        (Control, Property, _settings) = (control, property, settings);

    private readonly Settings _settings;

    public ControlHost Control { get; }
    public CatalogueProperty Property { get; }
    public FakeTimeProvider Time => _settings.Time;
    public LogFeed Feed => Control.Feed;
    public string Path => $"/api/property/{Property.Id}/purge";

    public FleetCensus Census
    {
        set => _settings.Census = value;
    }

    /// <summary>In the place of the commit: called with the real one.</summary>
    public Action<Action> Flush
    {
        set => _settings.Flush = value;
    }

    /// <param name="configure">Changes the options, also of the control plane that a restart starts.</param>
    public static async Task<PurgeHost> StartAsync(Func<ControlPlaneOptions, ControlPlaneOptions>? configure = null)
    {
        var settings = new Settings { Configure = options => configure?.Invoke(AtOnce(options)) ?? AtOnce(options) };
        var control = await ControlHost.StartAsync(configure: settings.Configure, surroundings: settings.Surroundings());
        var property = await control.AddPropertyAsync("demo");
        // What the fleet writes of the record that made it is a transaction of its own: a test that counts them, or cuts the power after one, has only its own.
        await control.Plane.Services.GetRequiredService<FleetDesk>().WhenCompleteAsync(control.Feed.Head.Position, CancellationToken.None);
        return new PurgeHost(control, property, settings);
    }

    /// <summary>The clock stands still between two looks at it: nothing may wait for company.</summary>
    private static ControlPlaneOptions AtOnce(ControlPlaneOptions options) =>
        options with
        {
            Fleet = options.Fleet with { NewsEvery = TimeSpan.Zero },
        };

    /// <summary>Stops the control plane and starts another one over the same folder, with the clock where it was.</summary>
    public async Task<PurgeHost> RestartAsync()
    {
        await Control.Plane.DisposeAsync();
        var again = await ControlHost.StartAsync(
            Control.Folder,
            _settings.Configure,
            surroundings: _settings.Surroundings(),
            known: Control.Operator
        );
        again.Operator.ShouldBe(Control.Operator);
        return new PurgeHost(again, Property, _settings);
    }

    public Task<ApiAnswer> Purge(string body, params (string Name, string Value)[] headers) => Post(Path, body, headers);

    public Task<ApiAnswer> Batch(string body, params (string Name, string Value)[] headers) => Post(Path + "/batch", body, headers);

    public Task<ApiAnswer> Post(string path, string body, params (string Name, string Value)[] headers) =>
        Control.Client.CallAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, "application/json"), headers);

    /// <summary>The rules of the purge records after a position.</summary>
    public List<RuleMessage> RulesAfter(ulong position)
    {
        Feed.TryRead(position, int.MaxValue, int.MaxValue, out var records).ShouldBeTrue();
        return [.. records.Select(Payload).Where(payload => payload.Purge is not null).SelectMany(payload => payload.Purge.Rules)];
    }

    public static RecordPayload Payload(LogRecord record) => RecordPayload.Parser.ParseFrom(record.Payload.Span);

    public async ValueTask DisposeAsync() => await Control.DisposeAsync();

    private sealed class Settings
    {
        public Func<ControlPlaneOptions, ControlPlaneOptions>? Configure { get; init; }
        public FleetCensus Census { get; set; } = TwoShieldsFourPops;
        public Action<Action> Flush { get; set; } = commit => commit();
        public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, 250, TimeSpan.Zero));

        public ControlPlaneSurroundings Surroundings() =>
            new()
            {
                Time = Time,
                Flush = transaction => Flush(transaction.Commit),
                Services = services =>
                    services.AddSingleton(provider =>
                        ActivatorUtilities.CreateInstance<PurgeDesk>(provider, new Func<FleetCensus>(() => Census))
                    ),
            };
    }
}

/// <summary>One host for the rows of a table that leave nothing behind but records; tests of one class run one after the other.</summary>
public sealed class SharedPurgeHost : IAsyncLifetime
{
    internal PurgeHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await PurgeHost.StartAsync();

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
