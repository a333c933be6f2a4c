using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Paradarum.Protocol.Tls;

/// <summary>
/// A server's own certificate from two PEM files, read again when they change: whoever renews them need not restart anything. A pair that does not fit is not taken; the former one serves on.
/// </summary>
public sealed class CertificateFiles
{
    /// <summary>How often, at most, the files are looked at; only when somebody connects.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _certificate;
    private readonly string _key;
    private readonly TimeProvider _time;
    private readonly Lock _reading = new();
    private volatile OwnCertificate _current;
    private (long, long, DateTime, DateTime) _seen;
    private long _lookedAt;

    private CertificateFiles(
        string certificate,
        string key,
        OwnCertificate current,
        (long, long, DateTime, DateTime) seen,
        TimeProvider time
    )
    {
        (_certificate, _key, _current, _seen, _time) = (certificate, key, current, seen, time);
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>Called with a sentence when changed files can't be used, once for each change.</summary>
    public Action<string>? Problem { get; set; }

    /// <summary>Reads both files.</summary>
    /// <returns>A refusal that names the file and what is wrong with it.</returns>
    public static Result<CertificateFiles> Open(string certificate, string key, TimeProvider time)
    {
        var seen = Stamp(certificate, key);
        return Read(certificate, key).Ok(out var current, out var refusal)
            ? new CertificateFiles(certificate, key, current, seen, time)
            : refusal;
    }

    /// <summary>What to serve with now.</summary>
    public OwnCertificate Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookEvery && _reading.TryEnter())
            {
                try
                {
                    Look();
                }
                finally
                {
                    _reading.Exit();
                }
            }
            return _current;
        }
    }

    private void Look()
    {
        Volatile.Write(ref _lookedAt, _time.GetTimestamp());
        var stamp = Stamp(_certificate, _key);
        if (stamp == _seen)
            return;
        _seen = stamp;
        if (Read(_certificate, _key).Ok(out var renewed, out var refusal))
            _current = renewed;
        else
            Problem?.Invoke(refusal.Message);
    }

    private static (long, long, DateTime, DateTime) Stamp(string certificate, string key)
    {
        var (one, other) = (new FileInfo(certificate), new FileInfo(key));
        return (one.Exists ? one.Length : -1, other.Exists ? other.Length : -1, one.LastWriteTimeUtc, other.LastWriteTimeUtc);
    }

    private static Result<OwnCertificate> Read(string certificate, string key)
    {
        if (!PemCertificates.Read(certificate).Ok(out var chain, out var refusal))
            return refusal;
        try
        {
            var own = X509Certificate2.CreateFromPemFile(certificate, key);
            chain[0].Dispose();
            chain.RemoveAt(0);
            return new OwnCertificate(own, ServerTls.Options(own, chain));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return Refusal.Malformed(
                $"{key} can't be used as the private key of {certificate}: {e.Message} It must be PEM without a passphrase, and belong to the first certificate."
            );
        }
    }
}

/// <summary>A server's certificate and how it is served.</summary>
public sealed record OwnCertificate(X509Certificate2 Certificate, SslServerAuthenticationOptions Options);
