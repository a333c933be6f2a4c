using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Paradarum.Control.Access;

/// <summary>
/// Every API key in memory, what the accept path reads. An immutable snapshot, replaced in one write on the writer's thread after the flush that made the change
/// durable (and once at the start): a revoked key is unknown from the moment its revocation is answered.
/// </summary>
internal sealed class KeyRing
{
    private volatile Snapshot _current = Snapshot.Empty;

    /// <summary>The caller behind a key; its use is remembered. False for a key that is unknown, revoked or no key at all. Allocates nothing.</summary>
    public bool TryOpen(ReadOnlySpan<char> sent, DateTimeOffset now, [NotNullWhen(true)] out Caller? caller)
    {
        caller = null;
        if (!TryFind(sent, out var held))
            return false;
        held.Key.Used(now);
        caller = held.Caller;
        return true;
    }

    /// <summary>The caller behind a key, without counting it as a use.</summary>
    public Caller? Peek(ReadOnlySpan<char> text) => TryFind(text, out var held) ? held.Caller : null;

    /// <summary>Whether the credential a request came in with is still good: what asks for long must not outlive its key.</summary>
    public bool IsGood(Caller caller) =>
        !_current.Closed.Contains(caller.AccountId) && (caller.KeyId is not { } id || Find(id) is { RevokedAt: null });

    /// <summary>All keys of an account, revoked ones included, in the order they were made.</summary>
    public ApiKey[] Of(long accountId) => [.. _current.All.Values.Where(key => key.AccountId == accountId).OrderBy(key => key.Id)];

    public ApiKey? Find(long id) => _current.All.GetValueOrDefault(id);

    public IEnumerable<ApiKey> All => _current.All.Values;

    /// <summary>Called on the writer's thread alone: puts a new or changed key in the place of what it was.</summary>
    public void Put(ApiKey key, bool isOperator)
    {
        var digest = KeyDigest.From(key.Digest);
        var opens = key.RevokedAt is null && !_current.Closed.Contains(key.AccountId);
        var active = opens ? _current.Active.SetItem(digest, Hold(key, isOperator)) : _current.Active.Remove(digest);
        _current = _current with { Active = active, All = _current.All.SetItem(key.Id, key) };
    }

    /// <summary>Called on the writer's thread alone: no key of the account opens anything until <see cref="Open"/>, also none that is made meanwhile.</summary>
    public void Close(long accountId) =>
        _current = _current with
        {
            Active = _current.Active.RemoveRange(Of(accountId).Select(key => KeyDigest.From(key.Digest))),
            Closed = _current.Closed.Add(accountId),
        };

    /// <summary>Called on the writer's thread alone: takes back <see cref="Close"/>.</summary>
    public void Open(long accountId)
    {
        var good = Of(accountId).Where(key => key.RevokedAt is null);
        _current = _current with
        {
            // The operator's account is never closed, so no key in here is the operator's.
            Active = _current.Active.SetItems(
                good.Select(key => KeyValuePair.Create(KeyDigest.From(key.Digest), Hold(key, isOperator: false)))
            ),
            Closed = _current.Closed.Remove(accountId),
        };
    }

    /// <summary>Called on the writer's thread alone, for an account that is deleted. It stays closed: a request that is under way must not outlive it.</summary>
    public void Forget(long accountId)
    {
        Close(accountId);
        _current = _current with { All = _current.All.RemoveRange(Of(accountId).Select(key => key.Id)) };
    }

    private bool TryFind(ReadOnlySpan<char> sent, [NotNullWhen(true)] out Held? held)
    {
        held = null;
        return KeyText.TryDigest(sent, out var digest) && _current.Active.TryGetValue(digest, out held);
    }

    private static Held Hold(ApiKey key, bool isOperator) =>
        new(
            key,
            new Caller(key.AccountId, key.KeyPrefix, isOperator)
            {
                KeyId = key.Id,
                Scope = key.Scope,
                OnlyProperties = key.OnlyProperties(),
            }
        );

    private sealed record Held(ApiKey Key, Caller Caller);

    /// <param name="Closed">Accounts that are suspended, or were deleted since the start. Their keys are not in <paramref name="Active"/>.</param>
    private sealed record Snapshot(
        ImmutableDictionary<KeyDigest, Held> Active,
        ImmutableDictionary<long, ApiKey> All,
        ImmutableHashSet<long> Closed
    )
    {
        public static readonly Snapshot Empty = new(
            ImmutableDictionary<KeyDigest, Held>.Empty,
            ImmutableDictionary<long, ApiKey>.Empty,
            ImmutableHashSet<long>.Empty
        );
    }
}
