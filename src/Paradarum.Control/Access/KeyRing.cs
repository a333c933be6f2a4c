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
    public bool IsGood(Caller caller) => caller.KeyId is not { } id || Find(id) is { RevokedAt: null };

    /// <summary>All keys of an account, revoked ones included, in the order they were made.</summary>
    public ApiKey[] Of(long accountId) => [.. _current.All.Values.Where(key => key.AccountId == accountId).OrderBy(key => key.Id)];

    public ApiKey? Find(long id) => _current.All.GetValueOrDefault(id);

    public IEnumerable<ApiKey> All => _current.All.Values;

    /// <summary>Called on the writer's thread alone: puts a new or changed key in the place of what it was.</summary>
    public void Put(ApiKey key, bool isOperator)
    {
        var digest = KeyDigest.From(key.Digest);
        var active = key.RevokedAt is null ? _current.Active.SetItem(digest, Hold(key, isOperator)) : _current.Active.Remove(digest);
        _current = new Snapshot(active, _current.All.SetItem(key.Id, key));
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

    private sealed record Snapshot(ImmutableDictionary<KeyDigest, Held> Active, ImmutableDictionary<long, ApiKey> All)
    {
        public static readonly Snapshot Empty = new(ImmutableDictionary<KeyDigest, Held>.Empty, ImmutableDictionary<long, ApiKey>.Empty);
    }
}
