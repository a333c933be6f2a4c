using Paradarum.Control.Access;
using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>The certificate of a hostname (contract part 3). The private key goes in and never comes out.</summary>
internal static class CertificateEndpoints
{
    private static readonly Refusal NoHostname = Refusal.NotFound("Hostname not found.");
    private static readonly Refusal NoCertificate = Refusal.NotFound("Certificate not found.");

    public static void MapCertificates(this IEndpointRouteBuilder routes)
    {
        var certificate = routes.MapGroup("/api/property/{id}/hostname/{hostnameId}/certificate").WithTags("Catalogue");
        certificate
            .MapPost("", Install)
            .WithSummary("Install the hostname's certificate with its key, in the place of the one it has")
            .Reads(
                "CertificateRequest",
                new { certificate = "string", privateKey = "string" },
                new
                {
                    certificate = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n",
                    privateKey = "-----BEGIN PRIVATE KEY-----\nMIGH...\n-----END PRIVATE KEY-----\n",
                }
            )
            .Produces<Envelope<CertificateItem>>()
            .Shows("Certificate installed successfully.", Shown)
            .Refuses(404, NoHostname.Message);
        certificate
            .MapGet("", Read)
            .WithSummary("Read what is known of the hostname's certificate; never its key")
            .Produces<Envelope<CertificateItem>>()
            .Shows("Certificate retrieved successfully.", Shown)
            .Refuses(404, NoCertificate.Message);
        certificate
            .MapDelete("", Delete)
            .WithSummary("Remove the hostname's certificate: it is served over HTTPS no more")
            .Produces<Envelope<object>>()
            .Shows("Certificate deleted successfully.")
            .Refuses(404, NoCertificate.Message);
    }

    private static CertificateItem Shown =>
        new(
            "CN=www.example.com",
            ["www.example.com"],
            "CN=Example Authority",
            ApiExamples.Earlier,
            ApiExamples.Earlier.AddDays(90),
            "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08",
            ApiExamples.Now,
            Usable: true
        );

    internal static async Task<IResult> Install(
        string id,
        string hostnameId,
        HttpRequest request,
        Caller caller,
        PropertyDoor door,
        PropertyCatalogue catalogue,
        PropertyChanges changes,
        CertificateReader reader,
        CertificateVault vault,
        TimeProvider time,
        CancellationToken stop
    )
    {
        // Whose it is comes before the body, for the hostname as for the property.
        if (!catalogue.OpenForChange(caller, id).Ok(out var known, out var refusal))
            return refusal.ToAnswer();
        if (Find(known, hostnameId) is null)
            return NoHostname.ToAnswer();
        if (!(await door.OpenObjectAsync(id, request, caller, stop)).Ok(out var opened, out refusal))
            return refusal.ToAnswer();
        if (Find(opened.Property, hostnameId) is not { } hostname)
            return NoHostname.ToAnswer();
        if (!reader.Read(opened.Body, hostname.Name).Ok(out var certificate, out refusal))
            return refusal.ToAnswer();
        var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        return (
            await ChangeAsync(changes, caller, opened.Property.Id, hostname.Id, kept => kept.SetCertificate(certificate, now), stop)
        ).Ok(out var changed, out refusal)
            ? Answer.Ok("Certificate installed successfully.", Item(Find(changed, hostnameId)!.Certificate!, vault))
            : refusal.ToAnswer();
    }

    internal static IResult Read(string id, string hostnameId, Caller caller, PropertyCatalogue catalogue, CertificateVault vault)
    {
        if (!catalogue.OpenForReading(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        return Find(property, hostnameId) switch
        {
            null => NoHostname.ToAnswer(),
            { Certificate: { } certificate } => Answer.Ok("Certificate retrieved successfully.", Item(certificate, vault)),
            _ => NoCertificate.ToAnswer(),
        };
    }

    internal static async Task<IResult> Delete(
        string id,
        string hostnameId,
        Caller caller,
        PropertyCatalogue catalogue,
        PropertyChanges changes,
        CancellationToken stop
    )
    {
        if (!catalogue.OpenForChange(caller, id).Ok(out var property, out var refusal))
            return refusal.ToAnswer();
        if (Find(property, hostnameId) is not { } hostname)
            return NoHostname.ToAnswer();
        if (hostname.Certificate is null)
            return NoCertificate.ToAnswer();
        return (await ChangeAsync(changes, caller, property.Id, hostname.Id, kept => kept.RemoveCertificate(), stop)).Ok(out _, out refusal)
            ? Answer.Ok("Certificate deleted successfully.")
            : refusal.ToAnswer();
    }

    /// <summary>The hostname may have gone meanwhile.</summary>
    internal static Task<Result<CatalogueProperty>> ChangeAsync(
        PropertyChanges changes,
        Caller caller,
        long propertyId,
        long hostnameId,
        Action<Hostname> change,
        CancellationToken stop
    ) =>
        changes.ChangeAsync(
            caller,
            propertyId,
            property =>
            {
                if (property.Hostnames.Find(hostname => hostname.Id == hostnameId) is not { } kept)
                    return NoHostname;
                change(kept);
                return null;
            },
            stop
        );

    private static CatalogueHostname? Find(CatalogueProperty property, string hostnameId)
    {
        var id = PathId.Read(hostnameId);
        return property.Hostnames.FirstOrDefault(hostname => hostname.Id == id);
    }

    private static CertificateItem Item(CertificateFacts certificate, CertificateVault vault) =>
        new(
            certificate.Subject,
            certificate.Names,
            certificate.Issuer,
            certificate.NotBefore,
            certificate.NotAfter,
            certificate.Fingerprint,
            certificate.InstalledAt,
            vault.CanOpen(certificate)
        );
}

/// <param name="Names">Subject alternative names.</param>
/// <param name="Fingerprint">SHA-256 of the server's own certificate, hexadecimal.</param>
/// <param name="Usable">False when its key was sealed with a certificates.key that this installation has no more: send the certificate again.</param>
internal sealed record CertificateItem(
    string Subject,
    IReadOnlyList<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    string Fingerprint,
    DateTimeOffset InstalledAt,
    bool Usable
);
