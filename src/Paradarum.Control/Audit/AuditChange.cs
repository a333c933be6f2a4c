namespace Paradarum.Control.Audit;

/// <summary>What was done to what, as the trail keeps it.</summary>
/// <param name="Type">One of <see cref="AuditTypes"/>.</param>
/// <param name="Action">A verb in the past: <c>created</c>, <c>changed</c>, <c>deleted</c>, ...</param>
/// <param name="AccountId">Whose it is: that account sees the entry. 0: the installation's, for the operator alone.</param>
internal sealed record AuditChange(string Type, string Action, long AccountId)
{
    public long? PropertyId { get; init; }

    /// <summary>What it is called: a name, an address. Never a secret.</summary>
    public string Subject { get; init; } = "";

    /// <summary>
    /// What is written as JSON; null where there was nothing. Made for the trail: a type whose fields were chosen one by one, so that no secret comes along with a field
    /// that is added later.
    /// </summary>
    public object? Before { get; init; }

    public object? After { get; init; }

    /// <summary>A sign-in that was refused: anyone can make such entries, so they never take another's place (<see cref="AuditTrail"/>).</summary>
    public bool Refused { get; init; }
}

/// <summary>What an entry is about; what the trail is filtered by.</summary>
internal static class AuditTypes
{
    public const string Property = "property";
    public const string Hostname = "hostname";
    public const string Origin = "origin";
    public const string CacheRule = "cache-rule";
    public const string Settings = "settings";
    public const string Key = "key";
    public const string Webhook = "webhook";
    public const string Certificate = "certificate";
    public const string Node = "node";
    public const string Account = "account";
    public const string User = "user";
    public const string SignIn = "sign-in";
    public const string SignInKey = "sign-in-key";

    /// <summary>Has no row of its own: it is read from the purge's.</summary>
    public const string Purge = "purge";

    public static readonly string[] All =
    [
        Property,
        Hostname,
        Origin,
        CacheRule,
        Settings,
        Key,
        Webhook,
        Certificate,
        Node,
        Account,
        User,
        SignIn,
        SignInKey,
        Purge,
    ];
}
