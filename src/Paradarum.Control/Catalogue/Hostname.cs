using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Control.Catalogue.Certificates;
using Paradarum.Protocol.Configuration;

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
