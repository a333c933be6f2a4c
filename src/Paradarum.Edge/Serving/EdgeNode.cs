using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Paradarum.Edge.Leasing;
using Paradarum.Edge.Purging;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Storage.Disk;
using Yarp.ReverseProxy.Forwarder;

namespace Paradarum.Edge.Serving;

/// <summary>An edge node in a web application of its own: <see cref="AddEdgeNode"/>. The addresses it listens on are the host's to set.</summary>
public static class EdgeNode
{
    /// <summary>
    /// Adds everything a node serves with; every request to the server, which is registered before (UseKestrelCore), is then the node's. The control link finds <see cref="NodeState"/>, <see cref="LeaseHolder"/> and <see cref="FleetDirectory"/> among the
    /// services and writes to them. A <see cref="TimeProvider"/> that is registered before is used.
    /// </summary>
    /// <exception cref="ArgumentException">Settings out of range, all of them named.</exception>
    public static void AddEdgeNode(this WebApplicationBuilder builder, EdgeOptions options)
    {
        if (options.Validate() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(' ', errors), nameof(options));

        // An answer from the store never waits, so it is made on the thread that read the request, without a hop to another one.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.LargestRequestHeaders;
            kestrel.Limits.MaxRequestLineSize = Math.Min(options.LargestRequestHeaders, 16 << 10);
            // Bodies are streamed to the origin, which knows its own limit.
            kestrel.Limits.MaxRequestBodySize = null;
            // Bytes above ASCII pass through as they are.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        });

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpForwarder();
        services.AddSingleton(options);
        services.AddSingleton<EntryIndex>();
        services.AddSingleton<NodeState>();
        services.AddHostedService<Sweeper>();
        services.AddSingleton<FleetDirectory>();
        services.AddSingleton<FlightBoard>();
        services.AddSingleton<UpstreamChoice>();
        services.AddSingleton<UpstreamRequest>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<UpstreamPlaces>();
        services.AddSingleton<Promises>();
        services.AddSingleton<Traffic>();
        services.AddSingleton<Answers>();
        services.AddSingleton<SharedFetches>();
        services.AddSingleton<SlicedAnswers>();
        services.AddSingleton<PassThrough>();
        services.AddSingleton<RequestFlow>();
        services.AddSingleton<CertificateShelf>();
        services.AddSingleton<TlsDoor>();
        services.TryAddSingleton(NodeCertificate.None);
        services.TryAddSingleton(UpstreamTrust.System);
        services.TryAddSingleton(NameService.System);
        services.AddSingleton<Door>();
        PutDoorBehindServer(services);
        services.TryAddSingleton(_ => new LeaseHolder(new BootClock()));
        services.AddSingleton(provider => new ResponseStore(
            provider.GetRequiredService<NodeState>(),
            options.StoreBytes,
            provider.GetService<DiskTier>()
        ));
        services.AddSingleton(provider =>
            // Not when it begins to stop: visitors are served to the end then, by fetches among others.
            ActivatorUtilities.CreateInstance<Fetcher>(provider, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped)
        );
    }

    /// <summary>Gives the node a second tier of <see cref="EdgeOptions.DiskBytes"/> in a folder. It takes up what a former process of the node left there.</summary>
    internal static void AddDisk(this IServiceCollection services, EdgeOptions options, IDiskFiles files, string nodeId)
    {
        services.AddSingleton(new DiskOptions(files, nodeId, options.DiskBytes, ResponseStore.HeadsOf(options.StoreBytes)));
        services.AddSingleton<DiskTier>();
        services.AddHostedService<DiskWriter>();
    }

    /// <summary>In the place of the server that the host registered before: <see cref="EdgeServer"/> around it.</summary>
    private static void PutDoorBehindServer(IServiceCollection services)
    {
        var registered =
            services.LastOrDefault(service => service.ServiceType == typeof(IServer))?.ImplementationType
            ?? throw new InvalidOperationException("Register the server (UseKestrelCore) before the node.");
        services.RemoveAll<IServer>();
        services.AddSingleton<IServer>(provider =>
        {
            RequestDelegate door = provider.GetRequiredService<Door>().HandleAsync;
            if (provider.GetService<AroundTheDoor>() is { } around)
                door = around(door);
            return new EdgeServer((IServer)ActivatorUtilities.CreateInstance(provider, registered), door);
        });
    }
}
