using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Protocol;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Urls;

namespace Paradarum.Control.Catalogue;

/// <summary>A hostname as it is kept; it belongs to one property of the installation.</summary>
internal sealed class Hostname
{
    public long Id { get; init; }

    public long PropertyId { get; init; }

    /// <summary>Canonical, without a port.</summary>
    public required string Name { get; init; }

    public required HostnameState State { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public HostnameCertificate? Certificate { get; private set; }

    public void SetCertificate(CheckedCertificate certificate, DateTimeOffset now)
    {
        if (Certificate is null)
            Certificate = HostnameCertificate.Of(certificate, now);
        else
            Certificate.Become(certificate, now);
    }

    public void RemoveCertificate() => Certificate = null;

    public CatalogueHostname ToCatalogue() => new(Id, Name, State, CreatedAt) { Certificate = Certificate?.ToFacts() };

    public PropertyHostname ToConfiguration() =>
        new(Name, State == HostnameState.Active) { CertificateId = Certificate?.ToConfiguration().Id };

    /// <summary>A name as it is kept: canonical, no port, no address, for those are nobody's to claim.</summary>
    public static Result<string> ParseName(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return Refusal.Malformed("Name is required.");
        if (!CanonicalHost.Parse(name, "").Ok(out var parsed, out _) || parsed.Port is not null)
            return Refusal.Malformed(
                $"Name '{Refusal.Quoted(name)}' is not a host name. Write it as www.example.com, without scheme, port and path, at most 253 characters."
            );
        return IPAddress.TryParse(parsed.Host.Trim('[', ']'), out _)
            ? Refusal.Malformed("Name must be a host name, not an address.")
            : parsed.Host;
    }

    public static Refusal Taken(string name) => new(RefusalKind.Conflict, $"Hostname '{name}' already belongs to a property.");

    internal sealed class Mapping : IEntityTypeConfiguration<Hostname>
    {
        public void Configure(EntityTypeBuilder<Hostname> builder)
        {
            builder.ToTable("hostnames");
            builder.HasIndex(hostname => hostname.Name).IsUnique();
            builder
                .HasOne(hostname => hostname.Certificate)
                .WithOne()
                .HasForeignKey<HostnameCertificate>(certificate => certificate.HostnameId);
            builder.Property(hostname => hostname.Name).HasMaxLength(253);
        }
    }
}
