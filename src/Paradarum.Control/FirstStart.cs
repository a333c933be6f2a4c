using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Access;
using Paradarum.Control.Audit;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control;

/// <summary>Who runs the installation, with the secrets that are kept nowhere else than in what the caller makes of this.</summary>
internal sealed record OperatorAccess(long AccountId, string Email, string Password, string ApiKey);

/// <summary>Gives a new installation its operator, and an existing one new secrets when the former are lost (contract part 3, login).</summary>
internal sealed class FirstStart(LogWriter writer, KeyRing ring, UserDirectory users, ApiKeys keys, IPasswordHasher<User> hasher)
{
    public const string OperatorEmail = "admin@localhost";

    /// <summary>Names the key that <c>up</c> writes to its file; another command has another.</summary>
    public const string UpKey = "up";

    /// <summary>In the place of the password once the operator has chosen another: nobody but them knows it, and no start takes it away.</summary>
    public const string ChosenPassword = "(the one you chose)";

    /// <summary>Whether the installation has an operator already.</summary>
    public bool HasOperator => users.Find(OperatorEmail) is not null;

    /// <summary>
    /// The operator's access. The known secrets are given back while the key opens the installation; else it is revoked, and key and password are made anew, durable
    /// before they are returned.
    /// </summary>
    public async Task<OperatorAccess> OperatorAsync(string? knownKey, string? knownPassword, CancellationToken stop, string keyName = UpKey)
    {
        var known = users.Find(OperatorEmail);
        if (knownKey is not null && knownPassword is not null && ring.Peek(knownKey) is { IsOperator: true, IsRestricted: false } caller)
            return new OperatorAccess(
                caller.AccountId,
                OperatorEmail,
                Fits(known, knownPassword) ? knownPassword : ChosenPassword,
                knownKey
            );

        var password = Passwords.New();
        // Hashing takes longer than a transaction may: done before.
        var blank = new User
        {
            AccountId = 0,
            Email = OperatorEmail,
            PasswordHash = "",
            CreatedAt = default,
        };
        var hash = hasher.HashPassword(blank, password);
        return await writer.WriteAsync(write => Renew(write, keyName, password, hash), stop);
    }

    private bool Fits(SignedUser? known, string password) =>
        known is not null
        && hasher.VerifyHashedPassword(known.User, known.User.PasswordHash, password) != PasswordVerificationResult.Failed;

    private OperatorAccess Renew(LogWrite write, string keyName, string password, string hash)
    {
        using var db = ControlDb.In(write);
        var account = db.Set<Account>().SingleOrDefault(account => account.IsOperator);
        if (account is null)
        {
            account = new Account
            {
                Name = "operator",
                IsOperator = true,
                CreatedAt = write.Now,
            };
            db.Add(account);
            db.SaveChanges();
        }

        db.Set<User>().Where(user => user.Email == OperatorEmail).ExecuteDelete();
        var user = new User
        {
            AccountId = account.Id,
            Email = OperatorEmail,
            PasswordHash = hash,
            CreatedAt = write.Now,
        };
        db.Add(user);
        db.SaveChanges();
        var actor = Caller.System(0).Actor;
        AuditTrail.Append(write, actor, new AuditChange(AuditTypes.User, "password-renewed", account.Id) { Subject = OperatorEmail });
        write.AfterFlush(() => users.Put(user, account));

        var lost = db.Set<ApiKey>()
            .Where(key => key.AccountId == account.Id && key.Name == keyName && key.RevokedAt == null)
            .Select(key => key.Id)
            .ToArray();
        foreach (var id in lost)
            keys.Revoke(write, actor, account.Id, isOperator: true, id);
        if (!KeyOrder.Parse(keyName, null, null).Ok(out var order, out var refusal))
            throw new InvalidOperationException(refusal.Message);
        return new OperatorAccess(account.Id, OperatorEmail, password, keys.Issue(write, actor, account.Id, isOperator: true, order).Key);
    }
}
