using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Paradarum.Control.Access;

/// <summary>Who may sign in, in memory: an immutable snapshot, replaced on the writer's thread after the flush (and once at the start).</summary>
internal sealed class UserDirectory
{
    private volatile ImmutableDictionary<string, SignedUser> _byEmail = ImmutableDictionary<string, SignedUser>.Empty;

    public SignedUser? Find(string email) => _byEmail.GetValueOrDefault(Folded(email));

    /// <summary>In the order they were made.</summary>
    public User[] Of(long accountId) => [.. Signed(accountId).Select(signed => signed.User).OrderBy(user => user.Id)];

    /// <summary>Called on the writer's thread alone.</summary>
    public void Put(User user, Account account) => _byEmail = _byEmail.SetItem(user.Email, new SignedUser(user, account));

    /// <summary>Called on the writer's thread alone: tells all users of an account what it is now.</summary>
    public void Put(Account account) =>
        _byEmail = _byEmail.SetItems(
            Signed(account.Id).Select(signed => KeyValuePair.Create(signed.User.Email, signed with { Account = account }))
        );

    /// <summary>Called on the writer's thread alone.</summary>
    public void Remove(User user) => _byEmail = _byEmail.Remove(user.Email);

    /// <summary>Called on the writer's thread alone.</summary>
    public void Forget(long accountId) => _byEmail = _byEmail.RemoveRange(Signed(accountId).Select(signed => signed.User.Email));

    public static string Folded(string email) => email.Trim().ToLowerInvariant();

    private IEnumerable<SignedUser> Signed(long accountId) => _byEmail.Values.Where(signed => signed.Account.Id == accountId);
}

/// <summary>A user with the account that the sign-in opens.</summary>
internal sealed record SignedUser(User User, Account Account)
{
    /// <summary>
    /// Another one with each password, and with each time that one is set: what a session is bound to. 64 bits of a digest of the salted hash; it tells nothing of the
    /// password that could be tried without the salt.
    /// </summary>
    public string Stamp { get; } = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(User.PasswordHash)).AsSpan(0, 8));

    public Caller ToCaller() => new(Account.Id, User.Email, Account.IsOperator);
}
