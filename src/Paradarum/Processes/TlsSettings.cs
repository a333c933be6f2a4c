using Paradarum.Options;
using Paradarum.Protocol;
using Paradarum.Protocol.Tls;

namespace Paradarum.Processes;

/// <summary>Certificates that processes of ours show and believe; all files are PEM.</summary>
internal static class TlsSettings
{
    public static readonly Setting<string> Certificate = new(
        "certificate",
        "FILE",
        "PEM file with this server's certificate, then those that lead to its authority. Read again when it changes.",
        SettingKinds.ExistingFile
    );
    public static readonly Setting<string> Key = new(
        "key",
        "FILE",
        "PEM file with the private key of --certificate, without a passphrase.",
        SettingKinds.ExistingFile
    );
    public static readonly Setting<string> ControlRoots = new(
        "control-ca",
        "FILE",
        "PEM file of the authorities, and no others, that may have issued the control plane's certificate. Without it: those the system believes.",
        SettingKinds.ExistingFile
    );
    public static readonly Setting<string> UpstreamRoots = new(
        "upstream-ca",
        "FILE",
        "PEM file of authorities that may have issued certificates of shields and origins, besides those the system believes.",
        SettingKinds.ExistingFile
    );

    /// <summary>Null when neither is set, or a problem was noted.</summary>
    public static CertificateFiles? ReadCertificate(SettingValues values)
    {
        var (certificate, key) = (values.Find(Certificate, out var certificateFile), values.Find(Key, out var keyFile));
        if (!certificate && !key)
            return null;
        if (!certificate || !key)
        {
            values.Add("--certificate and --key belong together: give both, or neither.");
            return null;
        }
        return Noted(values, Certificate, CertificateFiles.Open(certificateFile!, keyFile!, TimeProvider.System));
    }

    /// <summary>Null when it is not set, or a problem was noted.</summary>
    public static TrustedRoots? ReadRoots(SettingValues values, Setting<string> setting) =>
        values.Find(setting, out var file) ? Noted(values, setting, TrustedRoots.Read(file)) : null;

    private static T? Noted<T>(SettingValues values, Setting setting, Result<T> result)
        where T : class
    {
        if (result.Ok(out var value, out var refusal))
            return value;
        values.Add($"{setting.Flag}: {refusal.Message}");
        return null;
    }
}
