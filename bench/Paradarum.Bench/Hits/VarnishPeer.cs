using Paradarum.Testing;

namespace Paradarum.Bench.Hits;

/// <summary>Varnish with <c>malloc</c> storage. What it would write into its log in shared memory for every request is masked: nobody reads it here.</summary>
internal static class VarnishPeer
{
    private const string NotLogged =
        "-SessOpen,-SessClose,-Begin,-End,-Link,-ReqStart,-ReqMethod,-ReqURL,-ReqProtocol,-ReqHeader,-ReqUnset,-ReqAcct,-RespProtocol,-RespStatus,-RespReason,"
        + "-RespHeader,-RespUnset,-VCL_call,-VCL_return,-Timestamp,-Hit,-BereqMethod,-BereqURL,-BereqProtocol,-BereqHeader,-BerespProtocol,-BerespStatus,-BerespReason,"
        + "-BerespHeader,-BereqAcct,-TTL,-Storage,-Fetch_Body,-Length,-BackendOpen,-BackendClose,-BackendReuse,-Gzip,-ExpBan";

    public static async Task<CacheServer> StartAsync(StaticOrigin origin)
    {
        var folder = new TemporaryFolder();
        var port = FreePorts.Row(1);
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
            "-f",
            folder["bench.vcl"],
            "-s",
            "malloc,8G",
            "-p",
            "thread_pool_min=200",
            "-p",
            $"vsl_mask={NotLogged}"
        );
        return new("varnish", port, "bench.cdn.localhost", () => server.Children, server);
    }
}
