using Google.Protobuf;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>The certificate of a hostname as it is kept: what nodes are told, the key sealed, and beside it what is said of it.</summary>
internal sealed class HostnameCertificate
{
    private PropertyCertificate? _read;

    public long HostnameId { get; init; }

    /// <summary>A <see cref="CertificateMessage"/>.</summary>
    public required byte[] Content { get; set; }

    public required string Subject { get; set; }

    public required string[] Names { get; set; }

    public required string Issuer { get; set; }

    public required DateTimeOffset NotBefore { get; set; }

    public required DateTimeOffset NotAfter { get; set; }

    /// <summary>SHA-256 of the server's own certificate, hexadecimal.</summary>
    public required string Fingerprint { get; set; }

    public required DateTimeOffset InstalledAt { get; set; }

    public static HostnameCertificate Of(CheckedCertificate certificate, DateTimeOffset now) =>
        new()
        {
            Content = certificate.ForNodes.ToMessage().ToByteArray(),
            Subject = certificate.Subject,
            Names = [.. certificate.Names],
            Issuer = certificate.Issuer,
            NotBefore = certificate.NotBefore,
            NotAfter = certificate.NotAfter,
            Fingerprint = certificate.Fingerprint,
            InstalledAt = now,
        };

    public void Become(CheckedCertificate certificate, DateTimeOffset now)
    {
        var other = Of(certificate, now);
        _read = null;
        (Content, Subject, Names, Issuer) = (other.Content, other.Subject, other.Names, other.Issuer);
        (NotBefore, NotAfter, Fingerprint, InstalledAt) = (other.NotBefore, other.NotAfter, other.Fingerprint, other.InstalledAt);
    }

    public PropertyCertificate ToConfiguration() => _read ??= PropertyCertificate.FromMessage(CertificateMessage.Parser.ParseFrom(Content));

    public CertificateFacts ToFacts() =>
        new(Subject, [.. Names], Issuer, NotBefore, NotAfter, Fingerprint, InstalledAt, ToConfiguration().SealedKey);

    internal sealed class Mapping : IEntityTypeConfiguration<HostnameCertificate>
    {
        public void Configure(EntityTypeBuilder<HostnameCertificate> builder)
        {
            builder.ToTable("certificates");
            builder.HasKey(certificate => certificate.HostnameId);
            builder.Property(certificate => certificate.HostnameId).ValueGeneratedNever();
            builder.Property(certificate => certificate.Fingerprint).HasMaxLength(64);
        }
    }
}
