using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Paradarum.SystemTests.Telemetry;
using Paradarum.Testing;
using Paradarum.Up;

namespace Paradarum.SystemTests.Up;

/// <summary><c>paradarum up --https</c> and the local authority behind it.</summary>
public sealed class Up_with_HTTPS
{
    [Fact]
    public async Task Serves_the_demo_over_TLS_and_purges_both_zones_of_it()
    {
        using var folder = new TemporaryFolder();
        var secured = FreePorts.Row(2);
        await using var up = await UpProcess.StartAsync(folder["data"], UpPorts.Pick(), "--https", "--first-https-port", $"{secured}");
        var facts = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(up.DataFolder, "up.json")))!;
        facts["pops"]!
            .AsArray()
            .Select(pop => pop!["https"]!.GetValue<string>())
            .ShouldBe([$"https://127.0.0.1:{secured}", $"https://127.0.0.1:{secured + 1}"]);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(facts["authorityFile"]!.GetValue<string>());
        using var visitor = new TlsVisitor(secured, authority);
        using var plain = new Visitor(up.Facts.Pops[0].Url, up.Facts.Hostname);

        foreach (var zone in new Func<Task<Visit>>[] { () => visitor.GetAsync(up.Facts.Hostname, "/"), () => plain.GetAsync("/") })
            ((await zone()).Cache, (await zone()).Cache).ShouldBe(("MISS", "HIT"));
        using var api = up.Api();
        await Should.ThrowAsync<Exception>(async () =>
            (await TlsConnectionOfTest.OpenAsync(secured, "unknown.example", authority)).Dispose()
        );
        await Eventually.Async(async () =>
            (await Metrics.ReadAsync(new Uri(up.Facts.Api)))[
                "paradarum_node_tls_handshakes_failed_total",
                $"node_id=\"{up.Facts.Pops[0].Id}\"",
                "reason=\"unknown_name\""
            ] == 1
        );
        (await api.PurgeAndWaitAsync(up.Facts.PropertyId, new { type = "All" }))["state"]!.GetValue<string>().ShouldBe("complete");
        (await visitor.GetAsync(up.Facts.Hostname, "/")).Cache.ShouldBe("MISS");
        (await plain.GetAsync("/")).Cache.ShouldBe("MISS");
        var (_, output, _) = await up.StopAsync();
        output.ShouldContain($"curl -si --cacert {facts["authorityFile"]} https://{up.Facts.Hostname}:{secured}/");
    }

    [Fact]
    public void Makes_its_authority_once_with_keys_for_their_owner_alone()
    {
        using var folder = new TemporaryFolder();
        var now = TimeProvider.System.GetUtcNow();
        var authority = LocalAuthority.Open(folder.Path, now);
        var root = File.ReadAllText(authority.AuthorityFile);
        foreach (
            var key in new[] { "ca.key", "server.key" }.Where(key =>
                key == "ca.key" || authority.For(["demo.cdn.localhost"], now) is not null
            )
        )
            File.GetUnixFileMode(folder[key]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var again = LocalAuthority.Open(folder.Path, now.AddDays(300));
        File.ReadAllText(again.AuthorityFile).ShouldBe(root);
        LocalAuthority.Open(folder.Path, now.AddDays(3600));
        File.ReadAllText(again.AuthorityFile).ShouldNotBe(root, "it would end before what it issues");
    }

    [Fact]
    public void Renews_its_certificate_a_month_before_the_end_and_when_names_or_authority_changed()
    {
        using var folder = new TemporaryFolder();
        var now = TimeProvider.System.GetUtcNow();
        string[] names = ["demo.cdn.localhost", "*.cdn.localhost"];
        var authority = LocalAuthority.Open(folder.Path, now);
        var first = authority.For(names, now);
        LocalAuthority.Open(folder.Path, now).For(names, now.AddDays(59)).ShouldBe(first);
        var second = authority.For(names, now.AddDays(61));
        second.Fingerprint.ShouldNotBe(first.Fingerprint);
        second.EndsAt.ShouldBeGreaterThan(now.AddDays(150));
        authority.For(["other.cdn.localhost"], now).Fingerprint.ShouldNotBe(second.Fingerprint);

        var third = authority.For(names, now);
        File.Delete(folder["ca.key"]);
        LocalAuthority
            .Open(folder.Path, now)
            .For(names, now)
            .Fingerprint.ShouldNotBe(third.Fingerprint, "nobody believes the former authority for it");
    }

    [Fact]
    public async Task Has_an_authority_that_nobody_believes_for_a_real_site()
    {
        using var folder = new TemporaryFolder();
        var authority = LocalAuthority.Open(folder.Path, TimeProvider.System.GetUtcNow());
        using var root = X509CertificateLoader.LoadCertificateFromFile(authority.AuthorityFile);
        foreach (var (name, isBelieved) in new[] { ("demo.cdn.localhost", true), ("www.example.com", false) })
        {
            var issued = authority.For([name], TimeProvider.System.GetUtcNow());
            await using var server = await SecureOrigin.StartAsync(
                OwnFiles.Write(folder, new IssuedCertificate(issued.Certificate, issued.Key))
            );
            var opened = TlsConnectionOfTest.OpenAsync(server.Port, name, root);
            if (isBelieved)
                (await opened).Dispose();
            else
                await Should.ThrowAsync<AuthenticationException>(() => opened);
        }
    }
}
