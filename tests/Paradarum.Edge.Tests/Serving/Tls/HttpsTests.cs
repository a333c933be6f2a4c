using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Paradarum.Edge.Serving;
using Paradarum.Edge.Serving.Tls;
using Paradarum.Protocol.Configuration;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving.Tls;

/// <summary>A PoP that serves HTTPS with the certificates of its hostnames.</summary>
public sealed class A_visitor_over_TLS : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly ScriptedOrigin _origin = new();
    private readonly TestLog _log = new();
    private TestNode _pop = null!;
    private TlsVisitor _visitor = null!;

    public async ValueTask InitializeAsync()
    {
        Configure(site => site.WithCertificate(Site.Host, _authority.Issue(Site.Host)));
        _pop = await StartAsync();
        _visitor = new TlsVisitor(_pop.TlsPort, _authority.RootCertificate);
    }

    public async ValueTask DisposeAsync()
    {
        _visitor.Dispose();
        await _pop.DisposeAsync();
        await _origin.DisposeAsync();
        _authority.Dispose();
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1.1")]
    public async Task Is_answered_in_the_version_that_was_agreed_on_with_the_chain_to_its_root(string version)
    {
        using var visitor = new TlsVisitor(_pop.TlsPort, _authority.RootCertificate, Version.Parse(version));
        (await visitor.GetAsync(Site.Host, "/a")).Cache.ShouldBe("MISS");
        (await visitor.GetAsync(Site.Host, "/a")).Cache.ShouldBe("HIT");
        _origin.Last["X-Forwarded-Proto"].ShouldBe("https");
        _origin.Last["X-Forwarded-Host"].ShouldBe(Site.Host);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Speaks_the_versions_of_TLS_that_are_in_use(SslProtocols protocol)
    {
        using var connection = await OpenAsync(Site.Host, protocol);
        connection.Protocol.ShouldBe(protocol);
        (await connection.GetAsync(Site.Host, "/")).ShouldBe((200, "hello"));
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecdsa")]
    public async Task Is_served_with_either_kind_of_key(string kind)
    {
        var issued = _authority.Issue(
            new Wanted(Site.Host) { Key = () => kind == "rsa" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384) }
        );
        Configure(site => site.WithCertificate(Site.Host, issued));
        _pop.CatchUp();
        using var connection = await OpenAsync(Site.Host, SslProtocols.Tls12);
        connection.Fingerprint.ShouldBe(issued.Fingerprint);
        (await connection.GetAsync(Site.Host, "/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Has_a_zone_of_its_own_which_a_purge_clears_with_the_other()
    {
        using var plain = new Visitor(_pop.Url, Site.Host);
        _origin.Script = exchange => exchange.RespondAsync($"for {exchange.Request["X-Forwarded-Proto"]}");
        (await plain.GetAsync("/page")).Body.ShouldBe("for http");
        (await _visitor.GetAsync(Site.Host, "/page")).ShouldSatisfyAllConditions(
            visit => visit.Cache.ShouldBe("MISS"),
            visit => visit.Body.ShouldBe("for https")
        );
        (await plain.GetAsync("/page")).Cache.ShouldBe("HIT");
        (await _visitor.GetAsync(Site.Host, "/page")).Cache.ShouldBe("HIT");

        _log.Purge(Site.Id, "Path", "/page");
        _pop.CatchUp();
        (await plain.GetAsync("/page")).Cache.ShouldBe("MISS");
        (await _visitor.GetAsync(Site.Host, "/page")).Cache.ShouldBe("MISS");
    }

    [Theory]
    [InlineData("unknown.example", nameof(HandshakeFailure.UnknownName))]
    [InlineData("plain.cdn.localhost", nameof(HandshakeFailure.NoCertificate))] // Active, without a certificate
    [InlineData("pending.cdn.localhost", nameof(HandshakeFailure.UnknownName))]
    [InlineData("127.0.0.1", nameof(HandshakeFailure.UnknownName))] // no name is sent for an address
    public async Task Who_names_no_host_with_a_certificate_is_refused_in_the_handshake(string serverName, string why)
    {
        Configure(site =>
            site.WithCertificate(Site.Host, _authority.Issue(Site.Host))
                .WithCertificate("pending.cdn.localhost", _authority.Issue("pending.cdn.localhost"))
                is var configured
                ? configured with
                {
                    Hostnames =
                    [
                        .. configured.Hostnames.Select(hostname =>
                            hostname.Name.StartsWith("pending", StringComparison.Ordinal) ? hostname with { Active = false } : hostname
                        ),
                        new PropertyHostname("plain.cdn.localhost", Active: true),
                    ],
                }
                : site
        );
        _pop.CatchUp();
        var refused = await Should.ThrowAsync<Exception>(() => OpenAsync(serverName));
        (refused is AuthenticationException or IOException).ShouldBeTrue(refused.ToString());
        // And nothing else suffers.
        (await _visitor.GetAsync(Site.Host, "/")).Status.ShouldBe(HttpStatusCode.OK);
        await CountsAsync(Enum.Parse<HandshakeFailure>(why));
    }

    [Fact]
    public async Task Who_sends_no_TLS_or_nothing_at_all_is_counted_apart()
    {
        using (var silent = new TcpClient())
            await silent.ConnectAsync(IPAddress.Loopback, _pop.TlsPort);
        await CountsAsync(HandshakeFailure.NoHello);
        using var plain = new RawConnection(_pop.TlsPort);
        await plain.SendAndLeaveAsync("GET / HTTP/1.1\r\nHost: site.cdn.localhost\r\n\r\n"u8.ToArray());
        await CountsAsync(HandshakeFailure.NoHello, 2);
    }

    [Fact]
    public async Task Who_has_no_cipher_in_common_is_counted_as_one_who_went()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _pop.TlsPort);
        await using var old = new SslStream(socket.GetStream());
        await Should.ThrowAsync<Exception>(() =>
            old.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = Site.Host,
                    EnabledSslProtocols = SslProtocols.Tls12,
                    CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]),
                }
            )
        );
        await CountsAsync(HandshakeFailure.Client);
    }

    [Fact]
    public async Task May_name_the_host_in_capitals()
    {
        using var connection = await OpenAsync("SITE.cdn.LOCALHOST");
        (await connection.GetAsync("Site.cdn.localhost", "/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Who_asks_for_another_host_on_an_open_connection_is_answered_only_where_the_certificate_is_its_too()
    {
        Configure(site =>
            site.WithCertificate(Site.Host, _authority.Issue("*.cdn.localhost"))
                .WithCertificate("other.example", _authority.Issue("other.example"))
                is var both
                ? both with
                {
                    Hostnames = [.. both.Hostnames, new PropertyHostname("sister.cdn.localhost", Active: true)],
                }
                : site
        );
        _pop.CatchUp();
        using var connection = await OpenAsync(Site.Host);
        (await connection.GetAsync("sister.cdn.localhost", "/")).Status.ShouldBe(200);
        (await connection.GetAsync("other.example", "/")).Status.ShouldBe(421);
        (await connection.GetAsync(Site.Host, "/")).Status.ShouldBe(200);

        // The same over HTTP/2, where browsers do it (RFC 9113 section 9.1.1).
        using var folder = new TemporaryFolder();
        var root = folder["root.pem"];
        await File.WriteAllTextAsync(root, _authority.Root);
        (await CurlAsync(root, "sister.cdn.localhost")).ShouldBe("2 200");
        (await CurlAsync(root, "other.example")).ShouldBe("2 421");
    }

    [Fact]
    public async Task Is_sent_a_large_body_in_records_as_large_as_they_may_be()
    {
        _origin.Script = exchange => exchange.RespondAsync(new string('x', 100 << 10));
        (await _visitor.GetAsync(Site.Host, "/large")).Cache.ShouldBe("MISS");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _pop.TlsPort);
        await using var tapped = new TappedStream(client.GetStream());
        await using var secured = new SslStream(tapped);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = Site.Host,
                CertificateChainPolicy = TlsVisitor.Policy(_authority.RootCertificate),
            }
        );
        await secured.WriteAsync(Encoding.ASCII.GetBytes($"GET /large HTTP/1.1\r\nHost: {Site.Host}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(secured, Encoding.ASCII);
        (await reader.ReadToEndAsync()).ShouldEndWith(new string('x', 100 << 10));
        // RFC 8446 section 5.2: 2^14 bytes, and what enciphering adds.
        tapped.RecordLengths().Count(length => length > 16_384).ShouldBeGreaterThanOrEqualTo(6);
    }

    [Fact]
    public async Task May_open_a_WebSocket_in_a_connection_of_HTTP_2()
    {
        await using var origin = await WebSocketOrigin.StartAsync();
        Configure(site => origin.Of(site).WithCertificate(Site.Host, _authority.Issue(Site.Host)));
        _pop.CatchUp();
        using var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await client.TalkAsync(new Uri($"wss://{Site.Host}/chat"), _visitor.Invoker);
    }

    [Fact]
    public async Task Is_shown_a_renewed_certificate_at_the_next_handshake_and_keeps_the_open_connection()
    {
        using var before = await OpenAsync(Site.Host);
        (await before.GetAsync(Site.Host, "/")).Status.ShouldBe(200);
        var renewed = _authority.Issue(Site.Host);
        Configure(site => site.WithCertificate(Site.Host, renewed));
        _pop.CatchUp();

        using var after = await OpenAsync(Site.Host);
        after.Fingerprint.ShouldBe(renewed.Fingerprint);
        before.Fingerprint.ShouldNotBe(renewed.Fingerprint);
        (await before.GetAsync(Site.Host, "/")).Status.ShouldBe(200);
        _pop.Shelf.Kept.ShouldBe(1, "the former one is not kept for ever");
    }

    [Fact]
    public async Task Is_refused_while_the_node_cannot_open_the_key_and_served_once_it_was_told_how()
    {
        var other = RandomNumberGenerator.GetBytes(CertificateSeal.KeyLength);
        Configure(site => site.WithCertificate(Site.Host, _authority.Issue(Site.Host), other));
        _pop.CatchUp();
        await Should.ThrowAsync<Exception>(() => OpenAsync(Site.Host));
        await CountsAsync(HandshakeFailure.UnusableKey);
        _pop.Fleet.Current = FleetKnowledge.None with { CertificateKey = other };
        using var connection = await OpenAsync(Site.Host);
        (await connection.GetAsync(Site.Host, "/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Is_where_those_without_are_sent_when_the_property_asks_for_it_and_the_hostname_has_a_certificate()
    {
        Configure(site =>
            site.WithCertificate(Site.Host, _authority.Issue(Site.Host)) is var secured
                ? secured with
                {
                    Https = new HttpsChoice(Redirect: true, HstsSeconds: 3600),
                    Hostnames = [.. secured.Hostnames, new PropertyHostname("plain.cdn.localhost", Active: true)],
                }
                : site
        );
        await using var pop = await TestNode.StartAsync(_log, TestNode.Pop() with { HttpsPort = 8443 }, tls: new TlsOfNode());
        pop.Fleet.Current = SealedCertificates.Told;
        using var plain = new Visitor(pop.Url, Site.Host);
        (await plain.GetAsync("/a%20b?c=d")).ShouldSatisfyAllConditions(
            visit => visit.Status.ShouldBe(HttpStatusCode.MovedPermanently),
            visit => visit.Headers["Location"].ShouldBe($"https://{Site.Host}:8443/a%20b?c=d"),
            visit => visit.Headers.Keys.ShouldNotContain("Strict-Transport-Security")
        );
        (await plain.SendAsync(HttpMethod.Post, "/a")).Status.ShouldBe(HttpStatusCode.PermanentRedirect);
        _origin.Requests.ShouldBeEmpty();
        using var uncertified = new Visitor(pop.Url, "plain.cdn.localhost");
        (await uncertified.GetAsync("/")).Status.ShouldBe(HttpStatusCode.OK);

        using var secured = new TlsVisitor(pop.TlsPort, _authority.RootCertificate);
        foreach (var cache in new[] { "MISS", "HIT" })
            (await secured.GetAsync(Site.Host, "/a")).ShouldSatisfyAllConditions(
                visit => visit.Cache.ShouldBe(cache),
                visit => visit.Headers["Strict-Transport-Security"].ShouldBe("max-age=3600")
            );

        // A node that does not listen with TLS sends nobody away, and says nothing of it over http.
        _pop.CatchUp();
        using var elsewhere = new Visitor(_pop.Url, Site.Host);
        (await elsewhere.GetAsync("/")).ShouldSatisfyAllConditions(
            visit => visit.Status.ShouldBe(HttpStatusCode.OK),
            visit => visit.Headers.Keys.ShouldNotContain("Strict-Transport-Security")
        );
    }

    [Fact]
    public async Task Is_told_of_strict_transport_what_the_origin_says_where_it_says_something()
    {
        Configure(site =>
            site.WithCertificate(Site.Host, _authority.Issue(Site.Host)) with
            {
                Https = new HttpsChoice(Redirect: false, HstsSeconds: 3600),
            }
        );
        _pop.CatchUp();
        _origin.Script = exchange => exchange.RespondAsync("page", "Cache-Control: max-age=60 | Strict-Transport-Security: max-age=7");
        foreach (var cache in new[] { "MISS", "HIT" })
            (await _visitor.GetAsync(Site.Host, "/a")).ShouldSatisfyAllConditions(
                visit => visit.Cache.ShouldBe(cache),
                visit => visit.Headers["Strict-Transport-Security"].ShouldBe("max-age=7")
            );
    }

    [Fact]
    public async Task Of_a_node_with_a_certificate_of_its_own_is_shown_that_one_for_a_name_without_and_served_nothing_under_it()
    {
        using var folder = new TemporaryFolder();
        var own = _authority.Issue("pop1.example", "127.0.0.1");
        await using var pop = await StartAsync(new TlsOfNode(OwnFiles.Write(folder, own)));
        using var connection = await TlsConnectionOfTest.OpenAsync(pop.TlsPort, "127.0.0.1", _authority.RootCertificate);
        connection.Fingerprint.ShouldBe(own.Fingerprint);
        (await connection.GetAsync(Site.Host, "/")).Status.ShouldBe(421);
        using var named = await TlsConnectionOfTest.OpenAsync(pop.TlsPort, Site.Host, _authority.RootCertificate);
        (await named.GetAsync(Site.Host, "/")).Status.ShouldBe(200);
    }

    private void Configure(Func<PropertyConfiguration, PropertyConfiguration> change) => _log.Configure(Site.Id, change(Site.At(_origin)));

    private async Task<TestNode> StartAsync(TlsOfNode? tls = null)
    {
        var pop = await TestNode.StartAsync(_log, tls: tls ?? new TlsOfNode());
        pop.Fleet.Current = SealedCertificates.Told;
        return pop;
    }

    /// <summary>The node counts it, for this reason alone; when the connection has ended on its side.</summary>
    private async Task CountsAsync(HandshakeFailure why, int times = 1)
    {
        await Eventually.Async(() => Task.FromResult(_pop.TlsDoor.Failures.Of(why) == times));
        foreach (var other in Enum.GetValues<HandshakeFailure>().Where(other => other != why))
            _pop.TlsDoor.Failures.Of(other).ShouldBe(0, $"{other}");
    }

    private Task<TlsConnectionOfTest> OpenAsync(string serverName, SslProtocols protocol = SslProtocols.None) =>
        TlsConnectionOfTest.OpenAsync(_pop.TlsPort, serverName, _authority.RootCertificate, protocol);

    /// <summary>Version and status of a request for a host on a connection that was opened for the site.</summary>
    private async Task<string> CurlAsync(string root, string host)
    {
        var start = new ProcessStartInfo("curl") { RedirectStandardOutput = true, UseShellExecute = false };
        var port = _pop.TlsPort;
        foreach (
            var argument in $"-s -o /dev/null --http2 --cacert {root} --resolve {Site.Host}:{port}:127.0.0.1 https://{Site.Host}:{port}/"
                .Split(' ')
                .Concat(["-H", $"Host: {host}", "-w", "%{http_version} %{http_code}"])
        )
            start.ArgumentList.Add(argument);
        using var curl = Process.Start(start)!;
        var said = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();
        return said;
    }
}

/// <summary>Keeps what comes from the other end, to be read as records of TLS.</summary>
internal sealed class TappedStream(Stream inner) : Stream
{
    private readonly MemoryStream _seen = new();

    public IEnumerable<int> RecordLengths()
    {
        var bytes = _seen.ToArray();
        for (var at = 0; at + 5 <= bytes.Length; )
        {
            var length = (bytes[at + 3] << 8) | bytes[at + 4];
            yield return length;
            at += 5 + length;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        _seen.Write(buffer.Span[..count]);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
