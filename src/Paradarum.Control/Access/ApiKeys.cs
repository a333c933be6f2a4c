using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Audit;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Whether a property belongs to an account. Asked by keys that are to be restricted; answered by the catalogue, which knows.</summary>
internal delegate bool OwnsProperty(long accountId, long propertyId);

/// <summary>A new key with the only copy of its text.</summary>
internal sealed record IssuedKey(ApiKey Kept, string Key);

/// <summary>What is asked of a new key, checked: nothing behind <see cref="Parse"/> looks at it again.</summary>
internal sealed record KeyOrder
{
    private KeyOrder(string name, KeyScope scope, IReadOnlyList<long>? onlyProperties) =>
        (Name, Scope, OnlyProperties) = (name, scope, onlyProperties);

    public string Name { get; }

    public KeyScope Scope { get; }

    public IReadOnlyList<long>? OnlyProperties { get; }

    public static Result<KeyOrder> Parse(string? name, string? scope, IReadOnlyList<long>? onlyProperties)
    {
        name = name?.Trim();
        if (name is null or { Length: 0 or > ApiKeys.LongestName })
            return Refusal.Malformed("Name is required and must be 1 to 100 characters.");
        if (onlyProperties is { Count: 0 })
            return Refusal.Malformed("PropertyIds must name at least one property. Leave it out for a key without that restriction.");
        if (onlyProperties is { Count: > ApiKeys.MostProperties })
            return Refusal.Malformed($"PropertyIds may name at most {ApiKeys.MostProperties} properties.");
        KeyScope? known = scope?.ToUpperInvariant() switch
        {
            null or "ACCOUNT" => KeyScope.Account,
            "PURGE" => KeyScope.Purge,
            _ => null,
        };
        return known is { } kind
            ? new KeyOrder(name, kind, onlyProperties)
            : Refusal.Malformed($"Scope '{scope}' is not supported. Use account or purge.");
    }
}

/// <summary>Makes, lists and revokes the API keys of an account (contract part 3).</summary>
internal sealed class ApiKeys(LogWriter writer, KeyRing ring, OwnsProperty owns, TimeProvider time)
{
    public const int LongestName = 100;
    public const int MostProperties = 100;
    public const int MostActive = 10;

    private static readonly Refusal Restricted = new(RefusalKind.Forbidden, "A restricted API key may not manage API keys.");

    public async Task<Result<IssuedKey>> CreateAsync(Caller caller, KeyOrder order, CancellationToken stop)
    {
        // Else a restricted key could make itself an unrestricted one.
        if (caller.IsRestricted)
            return Restricted;
        foreach (var id in order.OnlyProperties ?? [])
        {
            if (!owns(caller.AccountId, id))
                return Refusal.Malformed($"Property {id} of propertyIds was not found.");
        }

        return await writer.WriteAsync(write => Issue(write, caller, order), stop);
    }

    /// <summary>All keys of the caller's account, revoked ones included.</summary>
    public Result<ApiKey[]> List(Caller caller) => caller.IsRestricted ? Restricted : ring.Of(caller.AccountId);

    public async Task<Result<ApiKey>> RevokeAsync(Caller caller, long id, CancellationToken stop)
    {
        if (caller.IsRestricted)
            return Restricted;
        return await writer.WriteAsync(write => Revoke(write, caller.Actor, caller.AccountId, caller.IsOperator, id), stop);
    }

    /// <summary>For the bootstrap of an installation, which writes more than a key in one transaction.</summary>
    internal IssuedKey Issue(LogWrite write, AuditActor actor, long accountId, bool isOperator, KeyOrder order)
    {
        var text = KeyText.New();
        if (!KeyText.TryDigest(text, out var digest))
            throw new InvalidOperationException("A new key is not a key.");
        var key = new ApiKey
        {
            AccountId = accountId,
            Name = order.Name,
            Digest = digest.ToBytes(),
            KeyPrefix = text[..KeyText.PrefixLength],
            Scope = order.Scope,
            PropertyIds = ApiKey.Written(order.OnlyProperties),
            CreatedAt = time.GetUtcNow(),
        };
        using var db = ControlDb.In(write);
        db.Add(key);
        db.SaveChanges();
        Trace(write, actor, "created", key);
        write.AfterFlush(() => ring.Put(key, isOperator));
        return new IssuedKey(key, text);
    }

    /// <summary>A key that is gone, foreign or revoked already is not found: twice revoked is 404 (contract part 3).</summary>
    internal Result<ApiKey> Revoke(LogWrite write, AuditActor actor, long accountId, bool isOperator, long id)
    {
        var now = time.GetUtcNow();
        using var db = ControlDb.In(write);
        var active = db.Set<ApiKey>().Where(key => key.Id == id && key.AccountId == accountId && key.RevokedAt == null);
        // Read from the transaction, not from memory: the key may have been made in the same group, and memory learns of it only after the flush.
        if (active.AsNoTracking().SingleOrDefault() is not { } key)
            return Refusal.NotFound("API key not found.");
        active.ExecuteUpdate(set => set.SetProperty(key => key.RevokedAt, now));
        var revoked = (ring.Find(id) ?? key).Revoked(DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()));
        Trace(write, actor, "revoked", revoked);
        write.AfterFlush(() => ring.Put(revoked, isOperator));
        return revoked;
    }

    private static void Trace(LogWrite write, AuditActor actor, string action, ApiKey key)
    {
        var audited = new AuditedKey(key.Id, key.Name, key.KeyPrefix, key.Scope == KeyScope.Purge ? "purge" : "account", key.PropertyIds);
        var isNew = key.RevokedAt is null;
        AuditTrail.Append(
            write,
            actor,
            new AuditChange(AuditTypes.Key, action, key.AccountId)
            {
                Subject = key.Name,
                Before = isNew ? null : audited,
                After = isNew ? audited : null,
            }
        );
    }

    /// <summary>A key as the trail keeps it.</summary>
    private sealed record AuditedKey(long Id, string Name, string KeyPrefix, string Scope, string? PropertyIds);

    private Result<IssuedKey> Issue(LogWrite write, Caller caller, KeyOrder order)
    {
        // Counted in the transaction: two requests at the same moment do not both become the tenth.
        using (var db = ControlDb.In(write))
        {
            if (db.Set<ApiKey>().Count(key => key.AccountId == caller.AccountId && key.RevokedAt == null) >= MostActive)
                return Refusal.Malformed($"An account may have at most {MostActive} active API keys. Revoke one first.");
        }

        return Issue(write, caller.Actor, caller.AccountId, caller.IsOperator, order);
    }
}
