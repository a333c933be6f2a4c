using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Serving.Tls;

namespace Paradarum.Edge;

/// <summary>Where a node listens: without TLS, with it, or both.</summary>
/// <param name="Url">Without TLS; with it where it does not listen without.</param>
/// <param name="Https">With TLS; null: nowhere.</param>
internal sealed record Listening(Uri Url, Uri? Https)
{
    public static void On(KestrelServerOptions kestrel, NodeHostOptions options)
    {
        if (options.ListensHttp)
            Listen(kestrel, options.Address, options.Port, static _ => { });
        if (options.Https is { } https)
            Listen(kestrel, https.Address, https.Port, Secure);
    }

    /// <summary>Addresses are in the order in which they were listened on.</summary>
    public static Listening Of(WebApplication app, NodeHostOptions options)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var secured = options.Https is null ? null : Reachable(new Uri(addresses.Last(address => IsHttps(address))));
        return new(options.ListensHttp ? Reachable(new Uri(addresses.First(address => !IsHttps(address)))) : secured!, secured);
    }

    /// <summary>Where others reach the node when nobody says: a shield with a certificate of its own over TLS.</summary>
    public Uri Reached(NodeHostOptions options) =>
        options is { Edge.Role: EdgeRole.Shield, Certificate: not null } && Https is not null ? Https : Url;

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port, Action<ListenOptions> how)
    {
        if (address is not null)
            kestrel.Listen(address, port, how);
        else if (port == 0)
            kestrel.Listen(IPAddress.Loopback, 0, how);
        else
            kestrel.ListenLocalhost(port, how);
    }

    private static void Secure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.ApplicationServices.GetRequiredService<TlsDoor>().Guard(listen);
    }

    private static bool IsHttps(string address) => address.StartsWith("https:", StringComparison.Ordinal);

    private static Uri Reachable(Uri url) =>
        url.Host is "localhost" or "[::1]" or "0.0.0.0" or "[::]" ? new Uri($"{url.Scheme}://127.0.0.1:{url.Port}") : url;
}
