using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Paradarum.Protocol.Link;

namespace Paradarum.Protocol.Configuration;

/// <summary>A certificate and its sealed key as nodes are told of it.</summary>
/// <param name="Id">SHA-256 of the chain's bytes, hexadecimal: another chain is another certificate.</param>
/// <param name="Chain">DER; the server's own first, each then issued by the next.</param>
/// <param name="SealedKey">See <see cref="CertificateSeal"/>.</param>
public sealed record PropertyCertificate(string Id, ImmutableArray<ReadOnlyMemory<byte>> Chain, ReadOnlyMemory<byte> SealedKey)
{
    public static string IdOf(IEnumerable<ReadOnlyMemory<byte>> chain)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var certificate in chain)
            hash.AppendData(certificate.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static PropertyCertificate FromMessage(CertificateMessage message) =>
        new(message.Id, [.. message.Chain.Select(der => der.Memory)], message.SealedKey.Memory);

    public CertificateMessage ToMessage()
    {
        // Neither is modified after it was read.
        var message = new CertificateMessage { Id = Id, SealedKey = UnsafeByteOperations.UnsafeWrap(SealedKey) };
        message.Chain.AddRange(Chain.Select(UnsafeByteOperations.UnsafeWrap));
        return message;
    }

    /// <summary>The id stands for the chain.</summary>
    public bool Equals(PropertyCertificate? other) =>
        other is not null && string.Equals(Id, other.Id, StringComparison.Ordinal) && SealedKey.Span.SequenceEqual(other.SealedKey.Span);

    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"certificate {Id}";
}
