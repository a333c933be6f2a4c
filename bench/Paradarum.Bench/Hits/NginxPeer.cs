using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>nginx with <c>proxy_cache</c>, set as its documentation and tuning guides advise: a worker for each processor, sendfile, kept connections on both sides, no log, open files cached.</summary>
internal static class NginxPeer
{
    /// <summary>Its cache is made of files: in memory like that of the others, so that no disk is measured.</summary>
    private const string MemoryFolder = "/dev/shm";

    public static async Task<CacheServer> StartAsync(StaticOrigin origin, TlsFiles tls)
    {
        var folder = new TemporaryFolder();
        var cache = Path.Combine(MemoryFolder, Path.GetFileName(folder.Path));
        var (port, tlsPort) = (FreePorts.Row(1), FreePorts.Row(1));
        await File.WriteAllTextAsync(
            folder["nginx.conf"],
            $$"""
            {{Head(folder, workers: "auto")}}
            http {
              access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 1h;
              open_file_cache max=12000 inactive=1h; open_file_cache_valid 1h; open_file_cache_min_uses 1;
              proxy_cache_path {{cache}} levels=1:2 keys_zone=bench:256m max_size=16g inactive=1d use_temp_path=off;
              upstream origin { server 127.0.0.1:{{origin.Port}}; keepalive 64; keepalive_requests 1000000000; }
              server {
                listen 127.0.0.1:{{port}} backlog=1024;
                listen 127.0.0.1:{{tlsPort}} ssl http2 backlog=1024;
                ssl_certificate {{tls.CertificateFile}}; ssl_certificate_key {{tls.KeyFile}}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m;
                location / {
                  proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
                  proxy_cache bench; proxy_cache_key $scheme$host$request_uri; proxy_cache_valid 200 1d; proxy_cache_lock on;
                  add_header X-Cache $upstream_cache_status;
                }
              }
            }
            """
        );
        var server = await ServerProcess.StartAsync(folder, port, "nginx", "-c", folder["nginx.conf"]);
        return new("nginx", port, CacheServer.Site, () => server.Children, new WithFolder(server, cache)) { TlsPort = tlsPort };
    }

    /// <summary>What has nothing to do with HTTP. Workers keep the user who measures, so that nothing is measured that file rights decide.</summary>
    public static string Head(TemporaryFolder folder, string workers) =>
        $$"""
            daemon off; worker_processes {{workers}}; worker_rlimit_nofile 300000; pid {{folder["pid"]}}; error_log stderr warn;
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            events { worker_connections 4096; multi_accept on; }
            """;

    private sealed class WithFolder(ServerProcess server, string cache) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            if (Directory.Exists(cache))
                Directory.Delete(cache, recursive: true);
        }
    }
}
