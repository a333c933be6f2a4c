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
            (AuditTypes.SignIn, "suspended") => "Sign-in refused (account suspended)",
            (AuditTypes.User, "password-changed") => "Password changed by",
            (AuditTypes.User, "password-refused") => "Password change refused for",
            (AuditTypes.User, "password-reset") => "New password made for",
            (AuditTypes.User, "password-renewed") => "Password renewed at the start for",
            (AuditTypes.SignInKey, "replaced") => "Key of the sessions replaced",
            (AuditTypes.SignInKey, "replaced-and-sessions-ended") => "Key of the sessions replaced, and all sessions ended",
            (AuditTypes.Purge, _) => "Purge",
            _ => $"{One(type)} {action.Replace('-', ' ')}",
        };

    /// <summary>For a list of choices.</summary>
    public static string Many(string type) =>
        type switch
        {
            AuditTypes.Settings => "Settings",
            AuditTypes.Property => "Properties",
            AuditTypes.SignInKey => "Keys of the sessions",
            _ => $"{One(type)}s",
        };

    private static string One(string type) =>
        type switch
        {
            AuditTypes.Key => "API key",
            AuditTypes.SignIn => "Sign-in",
            _ => string.Concat(type[..1].ToUpperInvariant(), type[1..].Replace('-', ' ')),
        };
}
