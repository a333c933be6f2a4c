using Paradarum.Control.Audit;

namespace Paradarum.Control.Panel.Auditing;

/// <summary>What was done, in the panel's words.</summary>
internal static class AuditWords
{
    public static string Of(string type, string action) =>
        (type, action) switch
        {
            (AuditTypes.SignIn, "succeeded") => "Signed in",
            (AuditTypes.SignIn, "failed") => "Sign-in refused",
            (AuditTypes.Purge, _) => "Purge",
            _ => $"{One(type)} {action.Replace('-', ' ')}",
        };

    /// <summary>For a list of choices.</summary>
    public static string Many(string type) =>
        type is AuditTypes.Settings ? "Settings"
        : type is AuditTypes.Property ? "Properties"
        : $"{One(type)}s";

    private static string One(string type) =>
        type switch
        {
            AuditTypes.Key => "API key",
            AuditTypes.SignIn => "Sign-in",
            _ => string.Concat(type[..1].ToUpperInvariant(), type[1..].Replace('-', ' ')),
        };
}
