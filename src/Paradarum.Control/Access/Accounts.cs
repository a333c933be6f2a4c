using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Audit;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>How many properties an account has, as of the write. Asked before one is deleted; answered by the catalogue, which knows.</summary>
internal delegate int CountsProperties(LogWrite write, long accountId);

/// <summary>A new account with its first user.</summary>
internal sealed record NewAccount(Account Account, UserAccess First);

/// <summary>Makes, lists, suspends and deletes accounts: the operator's alone.</summary>
internal sealed class Accounts(
    LogWriter writer,
    LogReaders readers,
    UserDirectory directory,
    KeyRing ring,
    AccountUsers users,
    CountsProperties properties
)
{
    /// <summary>What the operator alone may.</summary>
    public const string What = "see and change accounts";

    internal static readonly Refusal Unknown = Refusal.NotFound("Account not found.");
    internal static readonly Refusal OfTheOperator = new(
        RefusalKind.Conflict,
        "The operator's account can be neither suspended nor deleted."
    );

    /// <summary>Makes an account with its first user, both or neither. 409 when the name or the address is taken.</summary>
    public async Task<Result<NewAccount>> CreateAsync(Caller caller, AccountOrder order, CancellationToken stop)
    {
        if (caller.RefusedUnlessOperator(What) is { } closed)
            return closed;
        var first = order.First;
        var (password, hash) = await users.ReadyAsync(first.Email, first.Password, stop);
        return await writer.WriteAsync<Result<NewAccount>>(
            write =>
            {
                using var db = ControlDb.In(write);
                // Asked before the account is written: a refusal takes back nothing.
                if (db.Set<Account>().Any(other => other.Name == order.Name))
                    return new Refusal(RefusalKind.Conflict, $"An account named '{order.Name}' already exists.");
                if (db.Set<User>().Any(other => other.Email == first.Email))
                    return new Refusal(RefusalKind.Conflict, $"A user with the address '{first.Email}' already exists.");
                var account = new Account
                {
                    Name = order.Name,
                    IsOperator = false,
                    CreatedAt = write.Now,
                };
                db.Add(account);
                db.SaveChanges();
                Trace(write, caller, "created", null, account);
                if (!users.Add(write, db, caller, account, first.Email, hash).Ok(out var user, out var refusal))
                    throw new InvalidOperationException(refusal.Message);
                return new NewAccount(account, new UserAccess(user, first.Password is null ? password : null));
            },
            stop
        );
    }

    /// <summary>All accounts in the order they were made, the operator's own first.</summary>
    public Result<List<Account>> List(Caller caller)
    {
        if (caller.RefusedUnlessOperator(What) is { } closed)
            return closed;
        return Read(accountId: null);
    }

    /// <summary>One of them. 404 when there is none of that id.</summary>
    public Result<Account> Get(Caller caller, long accountId)
    {
        if (caller.RefusedUnlessOperator(What) is { } closed)
            return closed;
        return Read(accountId) is [var account] ? account : Unknown;
    }

    private List<Account> Read(long? accountId) =>
        readers.Read(reader =>
            reader.Rows(
                $"SELECT id, name, is_operator, is_suspended, created_at FROM accounts {(accountId is null ? "" : "WHERE id = $1")} ORDER BY id",
                row => new Account
                {
                    Id = row.GetInt64(0),
                    Name = row.GetString(1),
                    IsOperator = row.GetBoolean(2),
                    IsSuspended = row.GetBoolean(3),
                    CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
                },
                accountId is { } id ? [id] : []
            )
        );

    /// <summary>
    /// Suspends an account or takes that back. From the moment this returns no user of a suspended one signs in, and its sessions and keys open nothing. Its properties go on
    /// as they are: each is suspended by itself.
    /// </summary>
    public Task<Result<Account>> SetSuspendedAsync(Caller caller, long accountId, bool suspended, CancellationToken stop) =>
        ChangeAsync(
            caller,
            accountId,
            (write, db, account) =>
            {
                var changed = account.Suspended(suspended);
                db.Set<Account>()
                    .Where(row => row.Id == accountId)
                    .ExecuteUpdate(set => set.SetProperty(row => row.IsSuspended, suspended));
                Trace(write, caller, "changed", account, changed);
                write.AfterFlush(() => Publish(changed));
                return changed;
            },
            stop
        );

    /// <summary>Deletes an account with its users and keys, which open nothing from then on. 409 while it has properties.</summary>
    public Task<Result<Account>> DeleteAsync(Caller caller, long accountId, CancellationToken stop) =>
        ChangeAsync(
            caller,
            accountId,
            (write, db, account) =>
            {
                // Counted in the transaction: the rows would go with the account, and the nodes would never hear of it.
                if (properties(write, accountId) is > 0 and var count)
                    return StillHas(count);
                db.Set<ApiKey>().Where(key => key.AccountId == accountId).ExecuteDelete();
                db.Set<User>().Where(user => user.AccountId == accountId).ExecuteDelete();
                db.Set<Account>().Where(row => row.Id == accountId).ExecuteDelete();
                Trace(write, caller, "deleted", account, null);
                write.AfterFlush(() =>
                {
                    directory.Forget(accountId);
                    ring.Forget(accountId);
                });
                return account;
            },
            stop
        );

    /// <summary>Any account but the operator's own, in one transaction.</summary>
    private async Task<Result<Account>> ChangeAsync(
        Caller caller,
        long accountId,
        Func<LogWrite, ControlDb, Account, Result<Account>> change,
        CancellationToken stop
    )
    {
        if (caller.RefusedUnlessOperator(What) is { } closed)
            return closed;
        return await writer.WriteAsync<Result<Account>>(
            write =>
            {
                using var db = ControlDb.In(write);
                if (Find(db, accountId) is not { } account)
                    return Unknown;
                return account.IsOperator ? OfTheOperator : change(write, db, account);
            },
            stop
        );
    }

    internal static Account? Find(ControlDb db, long accountId) =>
        db.Set<Account>().AsNoTracking().SingleOrDefault(account => account.Id == accountId);

    internal static string StatusText(Account account) => account.IsSuspended ? "suspended" : "active";

    internal static Refusal StillHas(int count) =>
        new(
            RefusalKind.Conflict,
            count == 1
                ? "The account still has a property. It must be deleted first."
                : $"The account still has {count} properties. They must be deleted first."
        );

    private void Publish(Account changed)
    {
        directory.Put(changed);
        if (changed.IsSuspended)
            ring.Close(changed.Id);
        else
            ring.Open(changed.Id);
    }

    private static void Trace(LogWrite write, Caller caller, string action, Account? before, Account? after) =>
        AuditTrail.Append(
            write,
            caller.Actor,
            new AuditChange(AuditTypes.Account, action, (after ?? before)!.Id)
            {
                Subject = (after ?? before)!.Name,
                Before = Audited(before),
                After = Audited(after),
            }
        );

    private static AuditedAccount? Audited(Account? account) => account is null ? null : new(account.Id, account.Name, StatusText(account));

    /// <summary>An account as the trail keeps it.</summary>
    private sealed record AuditedAccount(long Id, string Name, string Status);
}
