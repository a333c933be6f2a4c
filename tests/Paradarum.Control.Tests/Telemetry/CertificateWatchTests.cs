using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Telemetry;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Telemetry;

/// <summary>
/// docs/operating/metrics.md: an operator hears in time that a certificate ends, and sees it at <c>/metrics</c>. Alone: instruments of one name are one series for all that listens in a
/// process, and it ends with the first control plane that is disposed of.
/// </summary>
[Collection(nameof(Series_are_read))]
public sealed class A_certificate_of_a_hostname : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly KeptLines _lines = new();
    private readonly TestAuthority _authority = new();

    // Meters are of the whole process: no other test has this name.
    private readonly string _name = $"ends-{Guid.NewGuid():n}"[..20];
    private ControlHost _host = null!;
    private string _path = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ControlHost.StartAsync(
            surroundings: new ControlPlaneSurroundings { Time = _time, Logging = logging => logging.AddProvider(_lines) }
        );
        var property = await _host.AddPropertyAsync(_name);
        _path = $"/api/property/{property.Id}/hostname/{property.Hostnames[0].Id}/certificate";
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task Is_measured_in_seconds_until_its_end_and_beyond()
    {
        await InstallAsync(TimeSpan.FromDays(30));
        // Those of tests end at the machine's time and whole seconds; what was read a moment ago is read again from memory.
        await Eventually.Async(async () => await LeftAsync() is > 2_591_970 and < 2_592_030);
        _time.Advance(TimeSpan.FromDays(31));
        await Eventually.Async(async () => await LeftAsync() is > -86_430 and < -86_370);

        (await _host.Client.DeleteAnswerAsync(_path)).Status.ShouldBe(200);
        await Eventually.Async(async () => await LeftAsync() is null);
    }

    [Fact]
    public async Task Is_told_of_in_the_log_three_weeks_a_week_and_a_day_before_its_end_and_after_it_each_once()
    {
        await InstallAsync(TimeSpan.FromDays(90));
        Pass(TimeSpan.FromDays(68)).ShouldBeEmpty();
        Pass(TimeSpan.FromDays(2)).ShouldHaveSingleItem().ShouldContain($"{_name}.cdn.localhost (property {_name}) ends at");
        Pass(TimeSpan.FromDays(12)).ShouldBeEmpty();
        Pass(TimeSpan.FromDays(2)).ShouldHaveSingleItem().ShouldContain($"Send the next one: POST {_path}");
        Pass(TimeSpan.FromDays(5.6)).ShouldHaveSingleItem().ShouldContain("in 9 hours");
        Pass(TimeSpan.FromDays(1)).ShouldHaveSingleItem().ShouldContain("browsers warn");
        Pass(TimeSpan.FromDays(30)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Is_looked_at_every_hour_of_itself()
    {
        await InstallAsync(TimeSpan.FromDays(90));
        _time.Advance(TimeSpan.FromDays(70));
        await Eventually.Async(() => !_lines.All.IsEmpty);
    }

    [Fact]
    public async Task Is_not_told_of_any_more_when_the_next_one_has_come()
    {
        await InstallAsync(TimeSpan.FromDays(90));
        Pass(TimeSpan.FromDays(70)).Count.ShouldBe(1);
        await InstallAsync(TimeSpan.FromDays(70 + 90));
        Pass(TimeSpan.FromDays(60)).ShouldBeEmpty();
        Pass(TimeSpan.FromDays(10)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task That_is_good_for_a_week_alone_is_not_late_from_its_first_day()
    {
        await InstallAsync(TimeSpan.FromDays(7));
        Pass(TimeSpan.FromDays(5)).ShouldBeEmpty();
        Pass(TimeSpan.FromDays(1.5)).Count.ShouldBe(1);
    }

    private async Task InstallAsync(TimeSpan endsIn)
    {
        var issued = _authority.Issue(new Wanted($"{_name}.cdn.localhost") { EndsIn = endsIn, BelowRoot = false });
        (await _host.Client.PostAnswerAsync(_path, issued.Body)).Status.ShouldBe(200);
    }

    /// <summary>What is said when that time has passed, whether it looks by itself meanwhile or not.</summary>
    private List<string> Pass(TimeSpan time)
    {
        var said = _lines.All.Count;
        _time.Advance(time);
        _host.Plane.Services.GetRequiredService<CertificateWatch>().Look();
        return [.. _lines.All.Skip(said)];
    }

    /// <summary>As Prometheus reads it; null where there is no such line.</summary>
    private async Task<double?> LeftAsync()
    {
        var metrics = await _host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var sample = metrics
            .Split('\n')
            .SingleOrDefault(line =>
                line.StartsWith("paradarum_certificate_expiry_seconds{", StringComparison.Ordinal)
                && line.Contains($"property=\"{_name}\"", StringComparison.Ordinal)
            );
        return sample is null ? null : double.Parse(sample.Split("} ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>The lines about certificates.</summary>
    private sealed class KeptLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (eventId.Id is 6002 or 6003)
                All.Enqueue(formatter(state, exception));
        }

        public void Dispose() { }
    }
}

/// <summary>What reads the figures of one control plane runs when no other one of the process ends.</summary>
[CollectionDefinition(nameof(Series_are_read), DisableParallelization = true)]
public sealed class Series_are_read;
