using System.Collections.Immutable;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Control.Catalogue.Certificates;

/// <summary>What is said of a certificate, and its key as it is sealed.</summary>
/// <param name="Names">Subject alternative names.</param>
/// <param name="Fingerprint">SHA-256 of the server's own certificate, hexadecimal.</param>
internal sealed record CertificateFacts(
    string Subject,
    ImmutableArray<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    string Fingerprint,
    DateTimeOffset InstalledAt,
    ReadOnlyMemory<byte> SealedKey
)
{
    public bool Equals(CertificateFacts? other) =>
        other is not null
        && (Subject, Issuer, NotBefore, NotAfter, Fingerprint, InstalledAt)
            == (other.Subject, other.Issuer, other.NotBefore, other.NotAfter, other.Fingerprint, other.InstalledAt)
        && Names.AsSpan().SequenceEqual(other.Names.AsSpan())
        && SealedKey.Span.SequenceEqual(other.SealedKey.Span);

    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A certificate that is through all checks of <see cref="CertificateReader"/>, its key sealed.</summary>
internal sealed record CheckedCertificate(
    PropertyCertificate ForNodes,
    string Subject,
    ImmutableArray<string> Names,
    string Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    string Fingerprint
);
