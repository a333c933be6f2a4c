namespace Paradarum.Protocol.Tokens;

/// <summary>
/// What a <c>purgeId</c> and an <c>X-Purge-Position</c> carry (contract 1.1 and part 2): epoch, property and position under a MAC
/// (HMAC-SHA256, truncated to 16 bytes), written in base64url without padding.
/// </summary>
public sealed record PurgeToken(string Epoch, long PropertyId, ulong Position)
{
    public string Write(ReadOnlySpan<byte> key) => throw new NotImplementedException();

    /// <summary>False for anything that was not written with this key. Compared in constant time. Never throws.</summary>
    public static bool TryRead(
        string text,
        ReadOnlySpan<byte> key,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PurgeToken? token
    ) => throw new NotImplementedException();
}
