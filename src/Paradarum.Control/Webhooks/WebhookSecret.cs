using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Paradarum.Protocol;

namespace Paradarum.Control.Webhooks;

/// <summary>
/// The key that a webhook's deliveries are signed with, in the form of Standard Webhooks: <c>whsec_</c> and base64, or plain text whose UTF-8 bytes are the key. Never
/// readable again.
/// </summary>
internal sealed record WebhookSecret(ReadOnlyMemory<byte> Key)
{
    private const string Start = "whsec_";
    private const int GeneratedLength = 32;
    private const int Shortest = 16;
    private const int Longest = 128;

    private static readonly Refusal Malformed = Refusal.Malformed(
        $"Secret must be {Shortest} to {Longest} visible ASCII characters; after whsec_ it must be base64 of {Shortest} to 64 bytes."
    );

    /// <param name="text">What is shown, this once.</param>
    public static WebhookSecret Generate(out string text)
    {
        var key = RandomNumberGenerator.GetBytes(GeneratedLength);
        text = Start + Convert.ToBase64String(key);
        return new WebhookSecret(key);
    }

    public static Result<WebhookSecret> Parse(string text)
    {
        if (text.Length is < Shortest or > Longest || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return Malformed;
        if (!text.StartsWith(Start, StringComparison.Ordinal))
            return new WebhookSecret(Encoding.ASCII.GetBytes(text));
        var key = new byte[Longest];
        return Convert.TryFromBase64String(text[Start.Length..], key, out var length) && length is >= Shortest and <= 64
            ? new WebhookSecret(key.AsMemory(0, length))
            : Malformed;
    }

    /// <summary>What the header <c>webhook-signature</c> carries: HMAC-SHA256 over id, timestamp and body with dots between.</summary>
    /// <param name="timestamp">Unix seconds of the attempt.</param>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Key.Span);
        mac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }
}
