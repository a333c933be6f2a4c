using System.Security.Cryptography;
using Paradarum.Protocol.Configuration;

namespace Paradarum.Protocol.Tests.Configuration;

public sealed class The_seal_of_a_private_key
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(CertificateSeal.KeyLength);
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(121);

    [Fact]
    public void Opens_with_its_key_for_its_certificate()
    {
        var box = CertificateSeal.Close(Key, "certificate", Secret);
        CertificateSeal.IsOf(Key, box).ShouldBeTrue();
        CertificateSeal.Open(Key, "certificate", box).ShouldBe(Secret);
        CertificateSeal.Close(Key, "certificate", Secret).ShouldNotBe(box, "a nonce is never used twice");
        box.AsSpan().IndexOf(Secret.AsSpan(0, 8)).ShouldBe(-1);
    }

    [Fact]
    public void Does_not_open_with_another_key_for_another_certificate_or_with_a_bit_changed()
    {
        var box = CertificateSeal.Close(Key, "certificate", Secret);
        CertificateSeal.Open(RandomNumberGenerator.GetBytes(32), "certificate", box).ShouldBeNull();
        CertificateSeal.Open([], "certificate", box).ShouldBeNull();
        CertificateSeal.Open(Key, "another", box).ShouldBeNull();
        for (var at = 0; at < box.Length; at++)
        {
            box[at] ^= 1;
            CertificateSeal.Open(Key, "certificate", box).ShouldBeNull($"byte {at}");
            box[at] ^= 1;
            CertificateSeal.Open(Key, "certificate", box.AsSpan(0, at)).ShouldBeNull($"cut at {at}");
        }
    }
}
