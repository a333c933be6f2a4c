using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>What is asked of a new account, checked.</summary>
internal sealed record AccountOrder
{
    public const int LongestName = 100;

    private AccountOrder(string name, UserOrder first) => (Name, First) = (name, first);

    public string Name { get; }

    /// <summary>Its first user.</summary>
    public UserOrder First { get; }

    /// <param name="name">1 to 100 characters.</param>
    /// <param name="email">See <see cref="UserOrder.Parse"/>.</param>
    /// <param name="password">The same.</param>
    public static Result<AccountOrder> Parse(string? name, string? email, string? password)
    {
        name = name?.Trim();
        if (name is null or { Length: 0 or > LongestName })
            return Refusal.Malformed($"Name is required and must be 1 to {LongestName} characters.");
        return UserOrder.Parse(email, password).Ok(out var first, out var refusal) ? new AccountOrder(name, first) : refusal;
    }
}

/// <summary>What is asked of a new user, checked.</summary>
internal sealed record UserOrder
{
    /// <summary>RFC 5321 section 4.5.3.1.3: a path of 256 characters with its two brackets.</summary>
    public const int LongestEmail = 254;

    /// <summary>RFC 5321 section 4.5.3.1.1.</summary>
    private const int LongestLocalPart = 64;

    private static readonly Refusal NoEmail = Refusal.Malformed(
        $"Email is required and must be an address such as name@example.com, of at most {LongestEmail} characters."
    );

    private UserOrder(string email, string? password) => (Email, Password) = (email, password);

    /// <summary>In lower case.</summary>
    public string Email { get; }

    /// <summary>Null for one that is generated and shown once.</summary>
    public string? Password { get; }

    /// <param name="email">Something on both sides of one <c>@</c>, without white space. Whether mail arrives there is not asked: nothing is ever sent to it.</param>
    /// <param name="password">12 to 128 characters, or null.</param>
    public static Result<UserOrder> Parse(string? email, string? password)
    {
        var folded = UserDirectory.Folded(email ?? "");
        var at = folded.IndexOf('@', StringComparison.Ordinal);
        if (
            folded.Length > LongestEmail
            || at is < 1 or > LongestLocalPart
            || at == folded.Length - 1
            || folded.LastIndexOf('@') != at
            || folded.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter is ',' or ';' or '<' or '>' or '"')
        )
            return NoEmail;
        return password is not null && Passwords.Refused(password) is { } refusal ? refusal : new UserOrder(folded, password);
    }
}
