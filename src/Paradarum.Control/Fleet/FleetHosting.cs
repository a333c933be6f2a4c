using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Verification;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>Adds the fleet to a host: an HTTP/2 cleartext port of its own serves <see cref="MapFleet"/>.</summary>
internal static class FleetHosting
{
    /// <summary>
    /// Reads what the fleet knew and makes the lease terms durable; call it before the host is built, and <see cref="AddFleet"/> with the result.
    /// </summary>
    /// <exception cref="ArgumentException">Options out of range: all of them at once.</exception>
    public static async Task<FleetDesk> OpenAsync(
        LogWriter writer,
        FleetOptions options,
        ReadOnlyMemory<byte> certificateKey,
        TimeProvider time,
        ILoggerFactory logs,
        CancellationToken stop
    )
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        var terms = new LeaseTerms(options.Lease, options.Grace);
        var memory = await writer.WriteAsync(write => FleetStore.Load(write, writer.Feed, terms), stop);
        return new FleetDesk(memory with { CertificateKey = certificateKey }, options, writer.Feed, time, logs.CreateLogger<FleetDesk>());
    }

    /// <summary>Expects <see cref="LogWriter"/> and <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddFleet(
        this IServiceCollection services,
        FleetDesk desk,
        Func<IServiceProvider, CatalogueSnapshot> catalogue
    )
    {
        services.AddSingleton(desk);
        services.AddSingleton<FleetRegistry>();
        services.AddSingleton<KnowsShield>(provider => id => provider.GetRequiredService<FleetRegistry>().Has(NodeRole.Shield, id));
        services.AddSingleton<KnowsPops>(provider => provider.GetRequiredService<FleetRegistry>().PublicUrls);
        services.AddSingleton<PurgeProgress>();
        services.AddSingleton<FleetQuestions>();
        services.AddSingleton<RecordTraces>();
        services.AddSingleton(provider => new NodeSnapshots(provider.GetRequiredService<LogWriter>(), () => catalogue(provider)));
        services.AddHostedService<FleetLoop>();
        services.AddGrpc(grpc =>
        {
            // Its catch-all for unknown services would match paths of the API and turn their 405 into 404.
            grpc.IgnoreUnknownServices = true;
            grpc.MaxReceiveMessageSize = LinkVersion.LargestMessage;
            grpc.MaxSendMessageSize = LinkVersion.LargestMessage;
        });
        return services;
    }

    public static GrpcServiceEndpointConventionBuilder MapFleet(this IEndpointRouteBuilder routes) =>
        routes.MapGrpcService<FleetLinkService>();
}
