using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.HttpOverrides;
using Paradarum.Control.Api;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.PurgeLog.Postgres;

namespace Paradarum.Control.Replicas;

/// <summary>
/// The working control plane's side of <see cref="Forwarding"/>: says in the database where it is reached, and takes the word of those who could read that there about whom they speak for.
/// </summary>
internal sealed class ReplicaRequests
{
    /// <summary>Name of the header that carries <see cref="LogHolder.Key"/>.</summary>
    public const string KeyHeader = "Paradarum-Replica";

    private readonly string _key = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Durable when it completes; null where nobody else could reach this one.</summary>
    public Task AnnounceAsync(LogWriter writer, Uri? api, Uri? fleet, CancellationToken stop)
    {
        var holder = api is null || fleet is null ? null : new LogHolder(api, fleet, _key);
        return writer.WriteAsync(
            write =>
            {
                LogHolder.Announce(write, holder);
                return true;
            },
            stop
        );
    }

    /// <summary>First of all: everything after it sees the client's own address and scheme.</summary>
    public static void Use(WebApplication app)
    {
        var headers = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = 1,
        };
        // The key says who may speak for others, not an address.
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        app.UseWhen(
            context => context.Request.Headers.ContainsKey(KeyHeader),
            forwarded => forwarded.Use(app.Services.GetRequiredService<ReplicaRequests>().CheckAsync).UseForwardedHeaders(headers)
        );
    }

    /// <summary>A control plane that stands by may not know yet that another one has taken over.</summary>
    private Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var said = context.Request.Headers[KeyHeader].ToString();
        context.Request.Headers.Remove(KeyHeader);
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(said), Encoding.UTF8.GetBytes(_key))
            ? next(context)
            : Forwarding.RefuseAsync(context, "The control plane that works is another one now. Try again.");
    }
}
