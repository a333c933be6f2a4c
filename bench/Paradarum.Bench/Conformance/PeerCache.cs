using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Paradarum.Testing;

namespace Paradarum.Bench.Conformance;

/// <summary>Another cache as Debian packages it, on loopback with a configuration of its own in front of one origin; a process that ends with this one.</summary>
internal sealed class PeerCache : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;

    private PeerCache(string name, string version, string advice, int port, Process process, TemporaryFolder folder)
    {
        (Name, Version, Advice, Port) = (name, version, advice, port);
        (_process, _folder) = (process, folder);
    }

    public string Name { get; }

    public string Version { get; }

    /// <summary>How it is set up, where that is not the default.</summary>
    public string Advice { get; }

    public int Port { get; }

    public static async Task<PeerCache> StartAsync(PeerKind kind, int origin)
    {
        var folder = new TemporaryFolder();
        // Started as root, some change to a user of their own, who must be able to write here.
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        var port = FreePorts.Row(1);
        var setup = kind.Prepare(folder, port, origin);
        var process = Process.Start(Start(setup.Program, setup.Arguments))!;
        // Whatever it says: a full pipe would stop it.
        var said = new List<string>();
        process.OutputDataReceived += (_, line) => Keep(said, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (var started = Stopwatch.GetTimestamp(); !await ListensAsync(port); await Task.Yield())
        {
            if (!process.HasExited && Stopwatch.GetElapsedTime(started) < StartsWithin)
                continue;
            lock (said)
                throw new InvalidOperationException($"{kind.Name} did not start:\n{string.Join('\n', said)}");
        }
        return new(kind.Name, await VersionAsync(kind), kind.Advice, port, process, folder);
    }

    public async ValueTask DisposeAsync()
    {
        // Some run workers of their own, which go with their parent.
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static async Task<string> VersionAsync(PeerKind kind)
    {
        using var asked = Process.Start(Start("dpkg-query", ["--show", "--showformat=${Version}", kind.Package]))!;
        var version = await asked.StandardOutput.ReadToEndAsync();
        await asked.WaitForExitAsync();
        return version;
    }

    private static ProcessStartInfo Start(string program, IReadOnlyList<string> arguments) =>
        new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    private static void Keep(List<string> said, string? line)
    {
        lock (said)
        {
            if (line is not null && said.Count < 100)
                said.Add(line);
        }
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>What is started, and how.</summary>
internal sealed record PeerSetup(string Program, IReadOnlyList<string> Arguments);

/// <summary>One kind of cache to compare with.</summary>
/// <param name="Name">As its authors spell it.</param>
/// <param name="Package">Debian's.</param>
/// <param name="Advice">How it is set up, where that is not the default.</param>
/// <param name="Prepare">Writes its configuration into a folder, for a port to listen on and the port of the origin.</param>
internal sealed record PeerKind(string Name, string Package, string Advice, Func<TemporaryFolder, int, int, PeerSetup> Prepare)
{
    public static readonly IReadOnlyList<PeerKind> All =
    [
        new(
            "nginx",
            "nginx-common",
            "`proxy_cache` with `proxy_cache_revalidate`, `proxy_cache_lock`, `proxy_cache_background_update` and stale use while updating",
            Nginx
        ),
        new(
            "Varnish",
            "varnish",
            "`default_ttl=0`, since a default lifetime spoils the suite's other tests; `default_keep` so that it revalidates",
            Varnish
        ),
        new(
            "Traffic Server",
            "trafficserver",
            "reverse proxy; `required_headers=2`: only explicit lifetimes, since a least lifetime spoils the suite's other tests",
            TrafficServer
        ),
        new("Squid", "squid", "accelerator of one origin, memory cache", Squid),
    ];

    private static PeerSetup Nginx(TemporaryFolder folder, int port, int origin)
    {
        Directory.CreateDirectory(folder["tmp"]);
        Write(
            folder["nginx.conf"],
            $$"""
            daemon off;
            worker_processes 2;
            pid nginx.pid;
            error_log stderr error;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path tmp/body;
              proxy_temp_path tmp/proxy;
              fastcgi_temp_path tmp/fastcgi;
              uwsgi_temp_path tmp/uwsgi;
              scgi_temp_path tmp/scgi;
              proxy_cache_path cache levels=1:2 keys_zone=pages:32m max_size=256m inactive=60m use_temp_path=off;
              upstream origin { server 127.0.0.1:{{origin}}; keepalive 32; }
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://origin;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_set_header Host $host;
                  proxy_cache pages;
                  proxy_cache_revalidate on;
                  proxy_cache_lock on;
                  proxy_cache_background_update on;
                  proxy_cache_use_stale updating;
                }
              }
            }
            """
        );
        return new("nginx", ["-p", folder.Path, "-e", "stderr", "-c", "nginx.conf"]);
    }

    private static PeerSetup Varnish(TemporaryFolder folder, int port, int origin)
    {
        Write(
            folder["default.vcl"],
            $$"""
            vcl 4.1;
            backend default { .host = "127.0.0.1"; .port = "{{origin}}"; }
            """
        );
        string[] parameters = ["default_ttl=0", "default_grace=0", "default_keep=3600"];
        return new(
            "varnishd",
            [
                "-F",
                .. parameters.SelectMany(parameter => new[] { "-p", parameter }),
                .. new[]
                {
                    "-n",
                    folder["work"],
                    "-f",
                    folder["default.vcl"],
                    "-a",
                    $"127.0.0.1:{Text(port)}",
                    "-s",
                    "malloc,64m",
                    "-j",
                    "none",
                    "-T",
                    "none",
                },
            ]
        );
    }

    private static PeerSetup TrafficServer(TemporaryFolder folder, int port, int origin)
    {
        foreach (var part in new[] { "etc", "cache", "run", "log", "share" })
            Directory.CreateDirectory(folder[part]);
        foreach (var file in Directory.EnumerateFiles("/etc/trafficserver"))
            File.Copy(file, Path.Combine(folder["etc"], Path.GetFileName(file)));
        Write(
            folder["runroot.yaml"],
            $"""
            prefix: {folder.Path}
            exec_prefix: {folder.Path}
            bindir: /usr/bin
            sbindir: /usr/sbin
            sysconfdir: {folder["etc"]}
            datadir: {folder["share"]}
            includedir: /usr/include
            libdir: /usr/lib/trafficserver
            libexecdir: /usr/lib/trafficserver/modules
            localstatedir: {folder["run"]}
            runtimedir: {folder["run"]}
            logdir: {folder["log"]}
            mandir: /usr/share/man
            infodir: /usr/share/info
            cachedir: {folder["cache"]}
            """
        );
        Write(
            folder["etc/records.config"],
            $"""
            CONFIG proxy.config.http.server_ports STRING {port}:ip-in=127.0.0.1
            CONFIG proxy.config.admin.user_id STRING #-1
            CONFIG proxy.config.http.cache.http INT 1
            CONFIG proxy.config.http.cache.required_headers INT 2
            CONFIG proxy.config.reverse_proxy.enabled INT 1
            CONFIG proxy.config.url_remap.remap_required INT 1
            CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
            CONFIG proxy.config.log.logging_enabled INT 0
            CONFIG proxy.config.net.connections_throttle INT 2000
            """
        );
        Write(folder["etc/remap.config"], $"map / http://127.0.0.1:{Text(origin)}/");
        Write(folder["etc/storage.config"], $"{folder["cache"]} 64M");
        return new("traffic_server", [$"--run-root={folder["runroot.yaml"]}"]);
    }

    private static PeerSetup Squid(TemporaryFolder folder, int port, int origin)
    {
        Write(
            folder["squid.conf"],
            $"""
            http_port 127.0.0.1:{port} accel defaultsite=tests.cdn.localhost no-vhost
            cache_peer 127.0.0.1 parent {origin} 0 no-query no-digest originserver default name=origin
            cache_peer_access origin allow all
            never_direct allow all
            http_access allow all
            cache_mem 64 MB
            cache_log {folder["cache.log"]}
            access_log none
            pid_filename {folder["squid.pid"]}
            coredump_dir {folder.Path}
            shutdown_lifetime 1 second
            """
        );
        return new("squid", ["-N", "-n", "paradarum" + Text(port), "-f", folder["squid.conf"]]);
    }

    private static void Write(string file, string text) => File.WriteAllText(file, text + "\n");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
