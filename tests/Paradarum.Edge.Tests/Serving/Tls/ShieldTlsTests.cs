using System.Net;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Edge.Serving;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Tls;
using Paradarum.Testing;
using Paradarum.Testing.Edge;

namespace Paradarum.Edge.Tests.Serving.Tls;

/// <summary>A PoP, a shield behind it that it reaches over TLS, and an origin behind that.</summary>
public sealed class A_PoP_whose_shield_has_TLS : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedOrigin _origin = new();
    private readonly TestLog _log = new();
    private TestNode _shield = null!;

    public async ValueTask InitializeAsync()
    {
        _log.Configure(Site.Id, Site.At(_origin) with { ShieldEnabled = true });
        _shield = await TestNode.StartAsync(
            _log,
            TestNode.Shield(),
            tls: new TlsOfNode(OwnFiles.Write(_folder, _authority.Issue("127.0.0.1")))
        );
        _shield.Fleet.Current = new FleetKnowledge([], TwoTiers.FleetKey, ReadOnlyMemory<byte>.Empty);
    }

    public async ValueTask DisposeAsync()
    {
        await _shield.DisposeAsync();
        await _origin.DisposeAsync();
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Verifies_it_by_its_own_name_and_asks_it_for_every_host_and_scheme()
    {
        await using var pop = await StartPopAsync(TrustedRoots.Of(_authority.RootCertificate), "127.0.0.1");
        using var visitor = new Visitor(pop.Url, Site.Host);
        (await visitor.GetAsync("/a")).ShouldSatisfyAllConditions(
            visit => visit.Status.ShouldBe(HttpStatusCode.OK),
            visit => visit.Headers["Via"].ShouldContain("paradarum-shield1")
        );
        // What passes through goes the same way.
        (await visitor.SendAsync(HttpMethod.Post, "/a"))
            .Headers["Via"]
            .ShouldContain("paradarum-shield1");
        _origin.Last["X-Forwarded-Proto"].ShouldBe("http", "the visitor's scheme, not the tiers'");
    }

    [Fact]
    public async Task Tells_visitors_without_TLS_nothing_of_strict_transport_although_the_tiers_have_it()
    {
        _log.Configure(
            Site.Id,
            Site.At(_origin) with
            {
                ShieldEnabled = true,
                Https = new HttpsChoice(Redirect: false, HstsSeconds: 3600),
            }
        );
        _shield.CatchUp();
        await using var pop = await StartPopAsync(TrustedRoots.Of(_authority.RootCertificate), "127.0.0.1");
        using var visitor = new Visitor(pop.Url, Site.Host);
        (await visitor.GetAsync("/a")).ShouldSatisfyAllConditions(
            visit => visit.Headers["Via"].ShouldContain("paradarum-shield1"),
            visit => visit.Headers.Keys.ShouldNotContain("Strict-Transport-Security")
        );
    }

    [Fact]
    public async Task Goes_past_one_whose_certificate_it_does_not_believe_or_that_is_another_names()
    {
        await using var strict = await StartPopAsync(trusted: null, "127.0.0.1");
        using var visitor = new Visitor(strict.Url, Site.Host);
        (await visitor.GetAsync("/b")).Headers["Via"].ShouldNotContain("paradarum-shield1");

        await using var misled = await StartPopAsync(TrustedRoots.Of(_authority.RootCertificate), "localhost");
        using var other = new Visitor(misled.Url, Site.Host);
        (await other.GetAsync("/c")).Headers["Via"].ShouldNotContain("paradarum-shield1");
        _origin.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Believes_origins_of_the_authorities_it_was_given()
    {
        var files = OwnFiles.Write(_folder, _authority.Issue(Site.Host), name: "origin");
        await using var origin = await SecureOrigin.StartAsync(files);
        var log = new TestLog();
        log.Configure(Site.Id, Site.At(_origin) with { Origins = [new Origin("https", "127.0.0.1", origin.Port, "", SslVerify: true)] });
        await using var believing = await TestNode.StartAsync(
            log,
            tls: new TlsOfNode(Trusted: TrustedRoots.Of(_authority.RootCertificate))
        );
        using var visitor = new Visitor(believing.Url, Site.Host);
        (await visitor.GetAsync("/")).Body.ShouldBe("secured");

        await using var strict = await TestNode.StartAsync(log);
        using var other = new Visitor(strict.Url, Site.Host);
        (await other.GetAsync("/")).Status.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task Stores_nothing_that_its_shield_could_not_see_the_end_of()
    {
        // Under TLS an end of the connection that somebody forged looks like one that was meant (RFC 9112 section 9.8).
        var files = OwnFiles.Write(_folder, _authority.Issue("origin.example"), name: "closing");
        await using var origin = new ClosingOrigin(files);
        var log = new TestLog();
        log.Configure(
            Site.Id,
            Site.At(_origin) with
            {
                ShieldEnabled = true,
                Origins = [new Origin("https", "127.0.0.1", origin.Port, "origin.example", SslVerify: false)],
            }
        );
        await using var shield = await TestNode.StartAsync(log, TestNode.Shield());
        shield.Fleet.Current = new FleetKnowledge([], TwoTiers.FleetKey, ReadOnlyMemory<byte>.Empty);
        await using var pop = await TestNode.StartAsync(log);
        pop.Fleet.Current = new FleetKnowledge(
            [new ShieldAddress("s1", new Uri(shield.Url))],
            TwoTiers.FleetKey,
            ReadOnlyMemory<byte>.Empty
        );
        using var visitor = new Visitor(pop.Url, Site.Host);
        for (var n = 1; n <= 2; n++)
        {
            var visit = await visitor.GetAsync("/");
            (visit.Body, visit.Cache).ShouldBe(("half of it", "MISS"));
            visit.Headers["Via"].ShouldContain("paradarum-shield1");
            visit.Headers.Keys.ShouldNotContain(name => name.StartsWith("X-Paradarum-", StringComparison.OrdinalIgnoreCase));
            origin.Requests.ShouldBe(n);
        }
    }

    [Fact]
    public async Task Sees_a_renewed_certificate_of_the_node_when_its_files_change_and_never_a_broken_one()
    {
        var time = new FakeTimeProvider();
        var first = _authority.Issue("127.0.0.1");
        var files = OwnFiles.Write(_folder, first, time, "renewed");
        var problems = new List<string>();
        files.Problem = problems.Add;
        var (certificate, key) = OwnFiles.Paths(_folder, "renewed");
        files.Current.Certificate.Thumbprint.ShouldNotBeNull();
        var before = files.Current;

        var second = _authority.Issue("127.0.0.1");
        await File.WriteAllTextAsync(certificate, second.Certificate);
        time.Advance(TimeSpan.FromSeconds(2));
        files.Current.ShouldBeSameAs(before, "the key is still the former one");
        problems.ShouldHaveSingleItem().ShouldContain(key);
        time.Advance(TimeSpan.FromSeconds(2));
        files.Current.ShouldBeSameAs(before);
        problems.Count.ShouldBe(1, "said once for each change");

        await File.WriteAllTextAsync(key, second.PrivateKey + "\n");
        time.Advance(TimeSpan.FromSeconds(2));
        files
            .Current.Certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256)
            .ToLowerInvariant()
            .ShouldBe(second.Fingerprint);
    }

    private async Task<TestNode> StartPopAsync(TrustedRoots? trusted, string shieldHost)
    {
        var pop = await TestNode.StartAsync(_log, tls: new TlsOfNode(Trusted: trusted));
        var url = new Uri($"https://{shieldHost}:{_shield.TlsPort}");
        pop.Fleet.Current = new FleetKnowledge([new ShieldAddress("s1", url)], TwoTiers.FleetKey, ReadOnlyMemory<byte>.Empty);
        return pop;
    }
}
