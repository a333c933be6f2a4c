using System.Data.Common;
using System.Net;
using Paradarum.Control.Access;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Telemetry;
using Paradarum.Control.Webhooks;
using Paradarum.Protocol.Addresses;
using Paradarum.Protocol.Tls;

namespace Paradarum.Control;

/// <summary>What a control plane is started with; checked as a whole by <see cref="Problems"/> before anything is touched.</summary>
internal sealed record ControlPlaneOptions
{
    /// <summary>The folder of the database and its bounds. Locked for as long as the control plane runs.</summary>
    public required LogOptions Log { get; init; }

    /// <summary>Port of the REST API. 0 to 65535, default 5252; 0 picks a free one.</summary>
    public int ApiPort { get; init; } = 5252;

    /// <summary>Where the REST API listens; null: on loopback.</summary>
    public IPAddress? ApiAddress { get; init; }

    /// <summary>The certificate of both ports; null: they have no TLS.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>Port for nodes (gRPC over HTTP/2). 0 to 65535, default 0: a free one.</summary>
    public int FleetPort { get; init; }

    /// <summary>Where nodes are listened for; null: on loopback. Credentials and keys travel there: without a certificate a private network only.</summary>
    public IPAddress? FleetAddress { get; init; }

    /// <summary>Where other control planes of the same database reach <see cref="ApiPort"/>; null: where it listens, when that is one address.</summary>
    public Uri? AdvertiseApi { get; init; }

    /// <summary>The same for <see cref="FleetPort"/>.</summary>
    public Uri? AdvertiseFleet { get; init; }

    /// <summary>Hostnames under this domain are Active at once. Default <c>cdn.localhost</c>, which browsers and curl resolve to loopback.</summary>
    public string SystemDomain { get; init; } = "cdn.localhost";

    /// <summary>Whom names of hostnames are asked of.</summary>
    public DnsOptions Dns { get; init; } = new();

    /// <summary>Leases and how much a node may have unacknowledged.</summary>
    public FleetOptions Fleet { get; init; } = new();

    /// <summary>Where webhooks may lead.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>Where origins may lead that are addresses themselves, besides public ones; what names lead to is seen by the nodes, when they connect.</summary>
    public AllowedAddresses OriginsAllow { get; init; }

    /// <summary>How fast one API key may ask.</summary>
    public KeyRateOptions KeyRates { get; init; } = new();

    /// <summary>Metrics, traces and the prober.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Every violated range, each naming its key; empty when all is well.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [.. Log.Problems(), .. Fleet.Problems(), .. Telemetry.Problems(), .. KeyRates.Problems()];
        if (ApiPort is < 0 or > 65535)
            problems.Add($"{nameof(ApiPort)} is {ApiPort}; it must be from 0 to 65535.");
        if (FleetPort is < 0 or > 65535)
            problems.Add($"{nameof(FleetPort)} is {FleetPort}; it must be from 0 to 65535.");
        if (
            !Protocol.Urls.CanonicalHost.Parse(SystemDomain, "http").Ok(out var domain, out _)
            || domain.Port is not null
            || domain.Host != SystemDomain
        )
            problems.Add($"{nameof(SystemDomain)} is '{SystemDomain}'; it must be a host name in lower case without a port.");
        return problems;
    }
}

/// <summary>What a control plane takes from outside: the clock, where log lines go and, for tests, the flush itself.</summary>
internal sealed record ControlPlaneSurroundings
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Action<ILoggingBuilder> Logging { get; init; } = _ => { };

    /// <summary>In the place of the commit: what tests hold or fail.</summary>
    public Action<DbTransaction> Flush { get; init; } = transaction => transaction.Commit();

    /// <summary>Last word on the services, for tests.</summary>
    public Action<IServiceCollection> Services { get; init; } = _ => { };
}
