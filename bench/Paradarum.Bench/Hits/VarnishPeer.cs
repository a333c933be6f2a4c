using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>Varnish with <c>malloc</c> storage. It has no TLS: hitch, which its makers name for that, ends it in front, and its processor time counts too. What it would write into its log in shared memory for every request is masked: nobody reads it here.</summary>
internal static class VarnishPeer
{
    private const string NotLogged =
        "-SessOpen,-SessClose,-Begin,-End,-Link,-ReqStart,-ReqMethod,-ReqURL,-ReqProtocol,-ReqHeader,-ReqUnset,-ReqAcct,-RespProtocol,-RespStatus,-RespReason,"
        + "-RespHeader,-RespUnset,-VCL_call,-VCL_return,-Timestamp,-Hit,-BereqMethod,-BereqURL,-BereqProtocol,-BereqHeader,-BerespProtocol,-BerespStatus,-BerespReason,"
        + "-BerespHeader,-BereqAcct,-TTL,-Storage,-Fetch_Body,-Length,-BackendOpen,-BackendClose,-BackendReuse,-Gzip,-ExpBan";

    public static async Task<CacheServer> StartAsync(StaticOrigin origin, TlsFiles? tls = null)
    {
        var folder = new TemporaryFolder();
        var (port, tlsPort, proxyPort) = (FreePorts.Row(1), FreePorts.Row(1), FreePorts.Row(1));
        // Bans go over obj.http, so that its lurker can retire them (its documentation calls these lurker-friendly).
        await File.WriteAllTextAsync(
            folder["bench.vcl"],
            $$"""
            vcl 4.1;
            backend origin { .host = "127.0.0.1"; .port = "{{origin.Port}}"; }
            sub vcl_recv {
              if (req.method == "BAN") { ban("obj.http.x-url ~ " + req.http.x-ban); return (synth(200)); }
            }
            sub vcl_backend_response { set beresp.http.x-url = bereq.url; }
            sub vcl_deliver {
              unset resp.http.x-url;
              if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
            }
            """
        );
        var server = await ServerProcess.StartAsync(
            folder,
            port,
            "varnishd",
            "-F",
            "-j",
            "none", // its jail would change the user, who then can't read the folder
            "-n",
            folder["varnish"],
            "-a",
            $"127.0.0.1:{port}",
            "-a",
            $"127.0.0.1:{proxyPort},PROXY",
            "-p",
            "feature=+http2",
            "-f",
            folder["bench.vcl"],
            "-s",
            "malloc,8G",
            "-p",
            "thread_pool_min=200",
            "-p",
            $"vsl_mask={NotLogged}"
        );
        if (tls is null)
            return new("varnish", port, CacheServer.Site, () => server.Children, server);
        var front = await HitchAsync(tls, tlsPort, proxyPort);
        return new("varnish", port, CacheServer.Site, () => [.. server.Children, .. front.Children], new Both(front, server))
        {
            TlsPort = tlsPort,
        };
    }

    private static async Task<ServerProcess> HitchAsync(TlsFiles tls, int port, int behind)
    {
        var folder = new TemporaryFolder();
        var user = Environment.UserName == "root" ? "user = \"root\"\ngroup = \"root\"\n" : "";
        await File.WriteAllTextAsync(
            folder["hitch.conf"],
            $$"""
            frontend = { host = "127.0.0.1" port = "{{port}}" }
            backend = "[127.0.0.1]:{{behind}}"
            workers = {{Environment.ProcessorCount}}
            backlog = 1024
            alpn-protos = "h2, http/1.1"
            tls-protos = TLSv1.2 TLSv1.3
            write-proxy-v2 = on
            daemon = off
            pem-file = "{{tls.BothFile}}"
            {{user}}
            """
        );
        return await ServerProcess.StartAsync(folder, port, "hitch", "--config", folder["hitch.conf"]);
    }

    private sealed class Both(ServerProcess front, ServerProcess behind) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await front.DisposeAsync();
            await behind.DisposeAsync();
        }
    }
}
