using System.Collections.Immutable;

namespace Paradarum.Control.Access;

/// <summary>Who may sign in, in memory: an immutable snapshot, replaced on the writer's thread after the flush (and once at the start).</summary>
internal sealed class UserDirectory
{
    private volatile ImmutableDictionary<string, SignedUser> _byEmail = ImmutableDictionary<string, SignedUser>.Empty;

    public SignedUser? Find(string email) => _byEmail.GetValueOrDefault(Folded(email));

    /// <summary>Called on the writer's thread alone.</summary>
    public void Put(User user, Account account) => _byEmail = _byEmail.SetItem(user.Email, new SignedUser(user, account));

    public static string Folded(string email) => email.Trim().ToLowerInvariant();
}

/// <summary>A user with the account that the sign-in opens.</summary>
internal sealed record SignedUser(User User, Account Account)
{
    public Caller ToCaller() => new(Account.Id, User.Email, Account.IsOperator);
}
