using System.Diagnostics.Metrics;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Certificates;

namespace Paradarum.Control.Telemetry;

/// <summary>
/// How long the certificates of Active hostnames are good: a figure for each, and a line in the log when it is time to send the next one. Nothing renews them by itself, and an
/// ended one is served on (docs/decisions/certificates.md).
/// </summary>
internal sealed class CertificateWatch : BackgroundService
{
    public static readonly TimeSpan LooksEvery = TimeSpan.FromHours(1);

    // What is left when it is said, each once for a certificate and a start of the process.
    private static readonly TimeSpan[] Stages = [TimeSpan.FromDays(21), TimeSpan.FromDays(7), TimeSpan.FromDays(1), TimeSpan.Zero];

    private readonly PropertyCatalogue _catalogue;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private readonly Lock _looking = new();

    // By hostname: of which certificate the last line was, and how many stages it had passed. Under _looking.
    private Dictionary<string, (string Fingerprint, int Stage)> _said = new(StringComparer.Ordinal);

    public CertificateWatch(Meter meter, PropertyCatalogue catalogue, TimeProvider time, ILogger<CertificateWatch> log)
    {
        (_catalogue, _time, _log) = (catalogue, time, log);
        meter.CreateObservableGauge(
            "paradarum.certificate.expiry",
            () => All().Select(Left),
            "s",
            "Until the certificate of an Active hostname ends; below 0 once it has"
        );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LooksEvery, _time);
        do
        {
            Look();
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>How many times it should have been said: one that was issued for a short time is not late when less than a third of that has gone.</summary>
    internal static int StageOf(CertificateFacts certificate, DateTimeOffset now)
    {
        var left = certificate.NotAfter - now;
        var late = (certificate.NotAfter - certificate.NotBefore) / 3;
        return Stages.Count(stage => left <= stage && (stage <= late || stage == TimeSpan.Zero));
    }

    /// <summary>Says what is due and has not been said.</summary>
    internal void Look()
    {
        using var _ = _looking.EnterScope();
        var now = _time.GetUtcNow();
        var due = new Dictionary<string, (string Fingerprint, int Stage)>(StringComparer.Ordinal);
        foreach (var (property, hostname, certificate) in All())
        {
            var stage = StageOf(certificate, now);
            if (stage == 0)
                continue;
            due[hostname.Name] = (certificate.Fingerprint, stage);
            if (_said.GetValueOrDefault(hostname.Name) == due[hostname.Name])
                continue;
            var (name, left) = (property.Configuration.Name, certificate.NotAfter - now);
            if (left <= TimeSpan.Zero)
                _log.CertificateEnded(hostname.Name, name, certificate.NotAfter, property.Id, hostname.Id);
            else
                _log.CertificateEnds(hostname.Name, name, certificate.NotAfter, (int)left.TotalHours, property.Id, hostname.Id);
        }
        _said = due;
    }

    private IEnumerable<(CatalogueProperty Property, CatalogueHostname Hostname, CertificateFacts Certificate)> All() =>
        from property in _catalogue.Current.Properties.Values
        from hostname in property.Hostnames
        where hostname.State == HostnameState.Active && hostname.Certificate is not null
        select (property, hostname, hostname.Certificate);

    private Measurement<double> Left((CatalogueProperty Property, CatalogueHostname Hostname, CertificateFacts Certificate) of) =>
        new(
            (of.Certificate.NotAfter - _time.GetUtcNow()).TotalSeconds,
            [new("hostname", of.Hostname.Name), new("property", of.Property.Configuration.Name), new("property_id", of.Property.Id)]
        );
}
