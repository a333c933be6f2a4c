using System.Security.Cryptography;
using CsCheck;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Protocol.Tests.Tokens;

/// <summary>Contract 1.1: opaque; carries epoch, property and position under a MAC.</summary>
public sealed class A_purge_token
{
    private static readonly byte[] Key = SHA256.HashData("key"u8);
    private static readonly PurgeToken Token = new("0123456789abcdef0123456789abcdef", 42, 1_000_000);

    [Fact]
    public void Is_read_as_it_was_written() =>
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 64], Gen.Long, Gen.ULong)
            .Sample(
                (epoch, property, position) =>
                {
                    var token = new PurgeToken(epoch, property, position);
                    return PurgeToken.TryRead(token.Write(Key), Key, out var read) && read == token;
                }
            );

    [Fact]
    public void Fits_a_path_segment_and_a_header() => Token.Write(Key).ShouldMatch("^[A-Za-z0-9_-]{87}$");

    [Fact]
    public void Has_the_bytes_of_the_first_release() =>
        Token.Write(Key).ShouldBe("AQAAAAAAAAAqAAAAAAAPQkAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZlkokfs-gswOi2fPYbVQgQc");

    [Fact]
    public void Of_another_key_is_not_read() => PurgeToken.TryRead(Token.Write(Key), SHA256.HashData("other"u8), out _).ShouldBeFalse();

    [Fact]
    public void Tampered_with_at_any_character_is_not_read()
    {
        var text = Token.Write(Key);
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in "Aa0-_ =\n%\ud800")
            {
                if (text[at] == other)
                    continue;
                PurgeToken.TryRead(text[..at] + other + text[(at + 1)..], Key, out _).ShouldBeFalse();
            }
            PurgeToken.TryRead(text[..at], Key, out _).ShouldBeFalse();
            PurgeToken.TryRead(text.Insert(at, " "), Key, out _).ShouldBeFalse();
        }
        PurgeToken.TryRead(text + "=", Key, out _).ShouldBeFalse();
        PurgeToken.TryRead(text + "A", Key, out _).ShouldBeFalse();
    }

    [Fact]
    public void Made_of_anything_else_is_not_read() =>
        Gen.OneOf(Gen.String, Gen.Byte.Array[0, 120].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes)))
            .Sample(text => !PurgeToken.TryRead(text, Key, out _));
}
