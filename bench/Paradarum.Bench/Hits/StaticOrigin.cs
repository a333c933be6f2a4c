using System.Globalization;
using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>The origin behind every cache: an nginx that answers <c>/SIZE/anything</c> with a body of that size, fresh for a day, and counts what it is asked.</summary>
internal sealed class StaticOrigin(ServerProcess server, int port) : IAsyncDisposable
{
    private readonly HttpClient _asking = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    public int Port => port;

    public static async Task<StaticOrigin> StartAsync()
    {
        var folder = new TemporaryFolder();
        var port = FreePorts.Row(1);
        await File.WriteAllBytesAsync(folder["100k"], new byte[100 << 10]);
        await File.WriteAllBytesAsync(folder["10m"], new byte[10 << 20]);
        await File.WriteAllTextAsync(
            folder["nginx.conf"],
            $$"""
            {{NginxPeer.Head(folder, workers: "1")}}
            http {
              access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 1h; etag on;
              open_file_cache max=10 inactive=1h;
              server {
                listen 127.0.0.1:{{port}};
                default_type text/html;
                root {{folder.Path}};
                add_header Cache-Control "max-age=86400";
                location /1k/ { return 200 "{{new string('x', 1024)}}"; }
                location /100k/ { try_files /100k =404; }
                location /10m/ { try_files /10m =404; }
                location = /asked { stub_status; }
              }
            }
            """
        );
        return new(await ServerProcess.StartAsync(folder, port, "nginx", "-c", folder["nginx.conf"]), port);
    }

    /// <summary>Requests answered so far, this one among them.</summary>
    public async Task<long> AskedAsync()
    {
        var status = await _asking.GetStringAsync(new Uri("/asked", UriKind.Relative));
        return long.Parse(status.Split('\n')[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _asking.Dispose();
        await server.DisposeAsync();
    }
}
