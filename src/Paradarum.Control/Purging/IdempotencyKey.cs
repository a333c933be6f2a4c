using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Paradarum.Protocol;

namespace Paradarum.Control.Purging;

/// <summary>A client's name for one request (contract 1.1), with what tells a repetition from another request under the same name.</summary>
/// <param name="Text">1 to 64 visible ASCII characters; scoped to the property.</param>
/// <param name="Digest">SHA-256 over the endpoint and the body's bytes as sent.</param>
internal sealed record IdempotencyKey(string Text, byte[] Digest)
{
    public const string Header = "Idempotency-Key";
    public const int Longest = 64;

    /// <summary>How long an answer is remembered, unless retention takes its record before.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromHours(24);

    private static readonly Refusal Malformed = Refusal.Malformed($"Idempotency-Key must be 1 to {Longest} visible ASCII characters.");

    /// <summary>Null when the header is absent.</summary>
    public static Result<IdempotencyKey?> Read(StringValues header, string endpoint, ReadOnlySpan<byte> body)
    {
        if (header.Count == 0)
            return (IdempotencyKey?)null;
        if (header.Count > 1 || header[0] is not { Length: > 0 and <= Longest } text || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return Malformed;

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(endpoint));
        hash.AppendData([0]);
        hash.AppendData(body);
        return new IdempotencyKey(text, hash.GetHashAndReset());
    }
}
