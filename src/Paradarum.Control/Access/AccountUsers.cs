using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Audit;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>A user whose password was just set.</summary>
/// <param name="GeneratedPassword">The only copy of it; null when it was chosen.</param>
internal sealed record UserAccess(User User, string? GeneratedPassword);

/// <summary>The users of an account: the operator makes and deletes them and resets passwords, they themselves change their own.</summary>
internal sealed class AccountUsers(LogWriter writer, UserDirectory directory, Passwords passwords, SessionTokens tokens)
{
    public const int MostUsers = 100;

    internal static readonly Refusal Unknown = Refusal.NotFound("User not found.");
    internal static readonly Refusal SignInFirst = new(
        RefusalKind.Forbidden,
        "Only a user who has signed in may change their password, not an API key. Sign in and send the token."
    );
    internal static readonly Refusal WrongPassword = Refusal.Malformed("CurrentPassword is wrong.");

    /// <summary>Adds a user. 409 when anyone has the address.</summary>
    public async Task<Result<UserAccess>> CreateAsync(Caller caller, long accountId, UserOrder order, CancellationToken stop)
    {
        if (caller.RefusedUnlessOperator(Accounts.What) is { } closed)
            return closed;
        var (password, hash) = await ReadyAsync(order.Email, order.Password, stop);
        var added = await writer.WriteAsync<Result<User>>(
            write =>
            {
                using var db = ControlDb.In(write);
                if (Accounts.Find(db, accountId) is not { } account)
                    return Accounts.Unknown;
                if (db.Set<User>().Count(user => user.AccountId == accountId) >= MostUsers)
                    return Refusal.Malformed($"An account may have at most {MostUsers} users. Delete one first.");
                return Add(write, db, caller, account, order.Email, hash);
            },
            stop
        );
        return added.Ok(out var user, out var refusal) ? new UserAccess(user, order.Password is null ? password : null) : refusal;
    }

    /// <summary>In the order they were made; empty for an account that is not there.</summary>
    public Result<User[]> List(Caller caller, long accountId) =>
        caller.RefusedUnlessOperator(Accounts.What) is { } closed ? closed : directory.Of(accountId);

    /// <summary>Deletes a user, whose sessions end. The operator's account keeps one, or nobody could ever sign in as operator again.</summary>
    public async Task<Result<User>> DeleteAsync(Caller caller, long accountId, long userId, CancellationToken stop)
    {
        if (caller.RefusedUnlessOperator(Accounts.What) is { } closed)
            return closed;
        return await writer.WriteAsync<Result<User>>(
            write =>
            {
                using var db = ControlDb.In(write);
                if (Find(db, accountId, userId) is not { } user || Accounts.Find(db, accountId) is not { } account)
                    return Unknown;
                if (account.IsOperator && db.Set<User>().Count(other => other.AccountId == accountId) == 1)
                    return new Refusal(RefusalKind.Conflict, "The operator's account keeps at least one user. Add another one first.");
                db.Set<User>().Where(row => row.Id == userId).ExecuteDelete();
                Trace(write, caller, "deleted", user, before: Audited(user));
                write.AfterFlush(() => directory.Remove(user));
                return user;
            },
            stop
        );
    }

    /// <summary>Gives a user another password; the user's sessions end.</summary>
    /// <param name="caller">The operator.</param>
    /// <param name="accountId">The user's account.</param>
    /// <param name="userId">The user.</param>
    /// <param name="chosen">Null for one that is generated.</param>
    /// <param name="stop">Gives up waiting; the change may still take place.</param>
    public async Task<Result<UserAccess>> ResetPasswordAsync(
        Caller caller,
        long accountId,
        long userId,
        string? chosen,
        CancellationToken stop
    )
    {
        if (caller.RefusedUnlessOperator(Accounts.What) is { } closed)
            return closed;
        if (chosen is not null && Passwords.Refused(chosen) is { } refused)
            return refused;
        var (password, hash) = await ReadyAsync("", chosen, stop);
        var set = await writer.WriteAsync<Result<SignedUser>>(
            write =>
            {
                using var db = ControlDb.In(write);
                return Find(db, accountId, userId) is { } user ? SetPassword(write, db, caller, "password-reset", user, hash) : Unknown;
            },
            stop
        );
        return set.Ok(out var changed, out var refusal) ? new UserAccess(changed.User, chosen is null ? password : null) : refusal;
    }

    /// <summary>
    /// Changes the password of the user who has signed in. All sessions of theirs end, the one that asks too: what is given back is a new one. Wrong guesses of the current
    /// one count as failed sign-ins.
    /// </summary>
    public async Task<Result<Session>> ChangeOwnAsync(Caller caller, string current, string next, CancellationToken stop)
    {
        if (caller.KeyId is not null || directory.Find(caller.Name) is not { } signed || signed.Account.Id != caller.AccountId)
            return SignInFirst;
        if (Passwords.Refused(next, "NewPassword") is { } refusal)
            return refusal;
        if (!(await passwords.FitsAsync(signed, signed.User.Email, current, caller.Source.Address, stop)).Ok(out var fits, out refusal))
            return refusal;
        if (!fits)
            return await DenyAsync(caller, signed.User, stop);
        if (string.Equals(current, next, StringComparison.Ordinal))
            return Refusal.Malformed("NewPassword must be another one than the current.");
        var hash = await passwords.HashAsync(signed.User.Email, next, stop);
        var set = await writer.WriteAsync<Result<SignedUser>>(
            write =>
            {
                using var db = ControlDb.In(write);
                // Reset, or changed in another window, while this one was hashed: then the current password is none any more.
                return
                    Find(db, caller.AccountId, signed.User.Id) is { } user
                    && string.Equals(user.PasswordHash, signed.User.PasswordHash, StringComparison.Ordinal)
                    ? SetPassword(write, db, caller, "password-changed", user, hash)
                    : WrongPassword;
            },
            stop
        );
        return set.Ok(out var changed, out refusal) ? tokens.Issue(changed) : refusal;
    }

    /// <summary>Adds a user in a transaction that does more than this. The hash is made before: it takes longer than a transaction may.</summary>
    internal Result<User> Add(LogWrite write, ControlDb db, Caller caller, Account account, string email, string hash)
    {
        if (db.Set<User>().Any(other => other.Email == email))
            return new Refusal(RefusalKind.Conflict, $"A user with the address '{email}' already exists.");
        var user = new User
        {
            AccountId = account.Id,
            Email = email,
            PasswordHash = hash,
            CreatedAt = write.Now,
        };
        db.Add(user);
        db.SaveChanges();
        Trace(write, caller, "created", user, after: Audited(user));
        write.AfterFlush(() => directory.Put(user, account));
        return user;
    }

    internal async Task<(string Password, string Hash)> ReadyAsync(string email, string? chosen, CancellationToken stop)
    {
        var password = chosen ?? Passwords.New();
        return (password, await passwords.HashAsync(email, password, stop));
    }

    private async Task<Refusal> DenyAsync(Caller caller, User user, CancellationToken stop)
    {
        await writer.WriteAsync(
            write =>
            {
                var change = new AuditChange(AuditTypes.User, "password-refused", user.AccountId) { Subject = user.Email, Refused = true };
                AuditTrail.Append(write, caller.Actor, change);
                return true;
            },
            stop
        );
        return WrongPassword;
    }

    private Result<SignedUser> SetPassword(LogWrite write, ControlDb db, Caller caller, string action, User user, string hash)
    {
        if (Accounts.Find(db, user.AccountId) is not { } account)
            return Unknown;
        var changed = user.WithPassword(hash);
        db.Set<User>().Where(row => row.Id == user.Id).ExecuteUpdate(set => set.SetProperty(row => row.PasswordHash, hash));
        Trace(write, caller, action, user);
        write.AfterFlush(() => directory.Put(changed, account));
        return new SignedUser(changed, account);
    }

    private static User? Find(ControlDb db, long accountId, long userId) =>
        db.Set<User>().AsNoTracking().SingleOrDefault(user => user.Id == userId && user.AccountId == accountId);

    private static void Trace(LogWrite write, Caller caller, string action, User user, object? before = null, object? after = null) =>
        AuditTrail.Append(
            write,
            caller.Actor,
            new AuditChange(AuditTypes.User, action, user.AccountId)
            {
                Subject = user.Email,
                Before = before,
                After = after,
            }
        );

    private static AuditedUser Audited(User user) => new(user.Id, user.Email);

    /// <summary>A user as the trail keeps it.</summary>
    private sealed record AuditedUser(long Id, string Email);
}
