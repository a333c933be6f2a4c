using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>The certificate of a hostname (contract part 3).</summary>
public sealed class The_certificate_of_a_hostname : IDisposable
{
    private const string Name = "site.cdn.localhost";

    private readonly TestAuthority _authority = new();

    public static TheoryData<string> Keys => ["rsa 2048", "rsa 4096", "ecdsa P-256", "ecdsa P-384", "ecdsa P-521"];

    public void Dispose() => _authority.Dispose();

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Is_taken_with_a_key_that_browsers_speak_and_can_be_read_without_it(string kind)
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var issued = _authority.Issue(new Wanted(Name, "*.other.example") { Key = KeyOf(kind) });

        var installed = await host.Client.PostAnswerAsync(path, issued.Body);
        (installed.Status, installed.Message).ShouldBe((200, "Certificate installed successfully."));
        var read = await host.Client.GetAnswerAsync(path);
        read.Data.GetRawText().ShouldBe(installed.Data.GetRawText());
        read.Data.GetProperty("names").EnumerateArray().Select(name => name.GetString()).ShouldBe([Name, "*.other.example"]);
        read.Data.GetProperty("subject").GetString().ShouldBe("CN=a server");
        read.Data.GetProperty("issuer").GetString().ShouldBe("CN=an authority of a test");
        read.Data.GetProperty("fingerprint").GetString().ShouldBe(issued.Fingerprint);
        read.Data.GetProperty("usable").GetBoolean().ShouldBeTrue();
        read.Data.EnumerateObject()
            .Select(field => field.Name)
            .ShouldNotContain(field => field.Contains("key", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Is_taken_for_a_wildcard_and_with_the_older_forms_of_keys()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        using var rsa = RSA.Create(2048);
        var wildcard = _authority.Issue(new Wanted("*.cdn.localhost") { Key = () => RSA.Create(rsa.ExportParameters(true)) });
        (
            await host.Client.PostAnswerAsync(path, new { certificate = wildcard.Certificate, privateKey = rsa.ExportRSAPrivateKeyPem() })
        ).Status.ShouldBe(200);

        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issued = _authority.Issue(new Wanted(Name) { Key = () => ECDsa.Create(curve.ExportParameters(true)) });
        var parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        var answer = await host.Client.PostAnswerAsync(
            path,
            new { certificate = issued.Certificate, privateKey = parameters + curve.ExportECPrivateKeyPem() }
        );
        answer.Status.ShouldBe(200);
        answer.Data.GetProperty("fingerprint").GetString().ShouldBe(issued.Fingerprint);
    }

    [Fact]
    public async Task Is_refused_with_a_sentence_that_says_what_is_wrong()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var good = _authority.Issue(Name);
        var other = _authority.Issue(Name);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var backwards = string.Join('\n', Blocks(good.Certificate).Reverse());

        async Task RefusedAsync(object body, string sentence)
        {
            var answer = await host.Client.PostAnswerAsync(path, body);
            answer.Message.ShouldContain(sentence);
            answer.Status.ShouldBe(400);
        }

        await RefusedAsync(new { privateKey = good.PrivateKey }, "Certificate is required");
        await RefusedAsync(new { certificate = good.Certificate }, "PrivateKey is required");
        await RefusedAsync(new { certificate = 1, privateKey = good.PrivateKey }, "Certificate must be a string.");
        await RefusedAsync(
            new { certificate = "nonsense", privateKey = good.PrivateKey },
            "no PEM block that begins with -----BEGIN CERTIFICATE-----"
        );
        await RefusedAsync(
            new { certificate = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----", privateKey = good.PrivateKey },
            "no X.509 certificate"
        );
        await RefusedAsync(new { certificate = good.Certificate, privateKey = "nonsense" }, "no PEM private key");
        await RefusedAsync(new { certificate = good.Certificate, privateKey = other.PrivateKey }, "does not belong to the certificate");
        await RefusedAsync(
            new
            {
                certificate = good.Certificate,
                privateKey = curve.ExportEncryptedPkcs8PrivateKeyPem(
                    "word",
                    new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)
                ),
            },
            "enciphered with a passphrase"
        );
        await RefusedAsync(new { certificate = backwards, privateKey = good.PrivateKey }, "did not issue the one before it");
        await RefusedAsync(_authority.Issue("other.example").Body, $"does not cover '{Name}': it is for other.example.");
        await RefusedAsync(_authority.Issue("*.localhost").Body, "does not cover");
        await RefusedAsync(_authority.Issue(new Wanted { CommonName = Name }).Body, "the common name does not count");
        await RefusedAsync(_authority.Issue(new Wanted(Name) { EndsIn = TimeSpan.FromMinutes(-1) }).Body, "has expired");
        await RefusedAsync(_authority.Issue(new Wanted(Name) { BeginsIn = TimeSpan.FromHours(1) }).Body, "is not valid yet");
        await RefusedAsync(_authority.Issue(new Wanted(Name) { Purpose = "1.3.6.1.5.5.7.3.2" }).Body, "is not for servers");
        await RefusedAsync(_authority.Issue(new Wanted(Name) { Key = () => RSA.Create(1024) }).Body, "RSA of 2048 to 4096 bits");
        await RefusedAsync(
            _authority.Issue(new Wanted(Name) { Key = () => ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1) }).Body,
            "ECDSA on P-256, P-384 or P-521"
        );
        (await host.Client.GetAnswerAsync(path)).Status.ShouldBe(404, "nothing of all that was kept");
    }

    [Fact]
    public async Task Belongs_to_the_hostname_of_one_account()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var stranger = await host.AddAccountAsync("stranger");
        var issued = _authority.Issue(Name);
        (await stranger.Client.PostAnswerAsync(path, issued.Body)).Message.ShouldBe("Property not found.");
        (await host.Client.PostAnswerAsync("/api/property/1/hostname/77/certificate", issued.Body)).Message.ShouldBe("Hostname not found.");
        (await host.Client.DeleteAnswerAsync(path)).Message.ShouldBe("Certificate not found.");
        (await host.Client.PostAnswerAsync(path, issued.Body)).Status.ShouldBe(200);
        (await stranger.Client.GetAnswerAsync(path)).Message.ShouldBe("Property not found.");
        (await host.Client.DeleteAnswerAsync(path)).Status.ShouldBe(200);
        (await host.Client.GetAnswerAsync(path)).Message.ShouldBe("Certificate not found.");
    }

    [Fact]
    public async Task Reaches_nodes_in_the_record_of_its_own_change_with_the_key_sealed()
    {
        await using var host = await ControlHost.StartAsync();
        var path = await PathAsync(host);
        var vault = CertificateVault.Open(host.Folder);
        var issued = _authority.Issue(Name);
        (await host.Client.PostAnswerAsync(path, issued.Body)).Status.ShouldBe(200);

        var told = LastConfiguration(host);
        told.ShouldBe(host.Catalogue.Current.Properties[1].Configuration);
        var certificate = told.Certificates.ShouldHaveSingleItem();
        told.Hostnames.ShouldHaveSingleItem().CertificateId.ShouldBe(certificate.Id);
        certificate.Chain.Length.ShouldBe(2);
        var key = CertificateSeal.Open(vault.Key.Span, certificate.Id, certificate.SealedKey.Span).ShouldNotBeNull();
        using var opened = ECDsa.Create();
        opened.ImportPkcs8PrivateKey(key, out _);
        opened.ExportPkcs8PrivateKeyPem().ShouldBe(issued.PrivateKey);

        // Another one in its place, and no purge: what is stored means what it meant.
        var renewed = _authority.Issue(Name);
        var before = host.Feed.Head.Position;
        (await host.Client.PostAnswerAsync(path, renewed.Body)).Data.GetProperty("fingerprint").GetString().ShouldBe(renewed.Fingerprint);
        host.Feed.Head.Position.ShouldBe(before + 1);
        LastConfiguration(host).Certificates.ShouldHaveSingleItem().Id.ShouldNotBe(certificate.Id);
        (await host.Client.DeleteAnswerAsync(path)).Status.ShouldBe(200);
        LastConfiguration(host).Certificates.ShouldBeEmpty();
    }

    [Fact]
    public async Task Lies_nowhere_with_its_key_in_the_clear_and_is_there_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var issued = _authority.Issue(Name);
        await using (var host = await ControlHost.StartAsync(folder["control"]))
        {
            var path = await PathAsync(host);
            (await host.Client.PostAnswerAsync(path, issued.Body)).Status.ShouldBe(200);
        }

        var file = Path.Combine(folder["control"], CertificateVault.FileName);
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var vaultKey = Convert.FromHexString((await File.ReadAllTextAsync(file)).Trim());
        using var key = ECDsa.Create();
        key.ImportFromPem(issued.PrivateKey);
        var secret = key.ExportParameters(includePrivateParameters: true).D!;
        SqliteConnection.ClearAllPools();
        foreach (var kept in Directory.GetFiles(folder["control"]))
        {
            var bytes = await File.ReadAllBytesAsync(kept);
            bytes.AsSpan().IndexOf(secret).ShouldBe(-1, $"{kept} holds the private key");
            if (kept != file)
                bytes.AsSpan().IndexOf(vaultKey).ShouldBe(-1, $"{kept} holds what opens the private key");
            bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(issued.PrivateKey.Split('\n')[1])).ShouldBe(-1);
        }

        await using var again = await ControlHost.StartAsync(folder["control"]);
        var read = await again.Client.GetAnswerAsync("/api/property/1/hostname/1/certificate");
        read.Data.GetProperty("fingerprint").GetString().ShouldBe(issued.Fingerprint);
        read.Data.GetProperty("usable").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Says_that_it_is_not_usable_when_the_file_that_opens_its_key_is_lost()
    {
        using var folder = new TemporaryFolder();
        await using (var host = await ControlHost.StartAsync(folder["control"]))
            (await host.Client.PostAnswerAsync(await PathAsync(host), _authority.Issue(Name).Body)).Status.ShouldBe(200);
        File.Delete(Path.Combine(folder["control"], CertificateVault.FileName));

        await using var again = await ControlHost.StartAsync(folder["control"]);
        const string Path1 = "/api/property/1/hostname/1/certificate";
        (await again.Client.GetAnswerAsync(Path1)).Data.GetProperty("usable").GetBoolean().ShouldBeFalse();
        (await again.Client.PostAnswerAsync(Path1, _authority.Issue(Name).Body)).Data.GetProperty("usable").GetBoolean().ShouldBeTrue();
    }

    private static async Task<string> PathAsync(ControlHost host)
    {
        var property = await host.AddPropertyAsync("site");
        return $"/api/property/{property.Id}/hostname/{property.Hostnames[0].Id}/certificate";
    }

    private static PropertyConfiguration LastConfiguration(ControlHost host)
    {
        host.Feed.TryRead(0, 1000, int.MaxValue, out var records).ShouldBeTrue();
        var body = records
            .Select(record => RecordPayload.Parser.ParseFrom(record.Payload.Span))
            .Last(payload => payload.Property is not null);
        return PropertyConfiguration.FromMessage(body.Property);
    }

    private static IEnumerable<string> Blocks(string pem) =>
        pem.Split("-----END CERTIFICATE-----", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(block => block + "\n-----END CERTIFICATE-----");

    private static Func<AsymmetricAlgorithm> KeyOf(string kind) =>
        kind switch
        {
            "rsa 2048" => () => RSA.Create(2048),
            "rsa 4096" => () => RSA.Create(4096),
            "ecdsa P-384" => () => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "ecdsa P-521" => () => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            _ => () => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        };
}
