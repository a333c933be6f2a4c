using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Paradarum.Protocol.Tls;

namespace Paradarum.Testing;

/// <summary>An origin with TLS and a certificate of a test's authority; counts what it is asked.</summary>
public sealed class SecureOrigin : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private SecureOrigin(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Urls.First()).Port;

    public int Requests => Volatile.Read(ref _requests);

    public string Body { get; set; } = "secured";

    public static async Task<SecureOrigin> StartAsync(CertificateFiles certificate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    System.Net.IPAddress.Loopback,
                    0,
                    listen => listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(certificate.Current.Options) })
                )
            );
        var app = builder.Build();
        var origin = new SecureOrigin(app);
        app.Run(async context =>
        {
            Interlocked.Increment(ref origin._requests);
            context.Response.Headers.CacheControl = "max-age=60";
            await context.Response.WriteAsync(origin.Body);
        });
        await app.StartAsync();
        return origin;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
