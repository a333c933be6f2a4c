namespace Paradarum.Protocol.Urls;

/// <summary>What the keys of a whole site have in common: scheme, canonical host, and what a cache rule puts into the key. One instance for all of them.</summary>
/// <remarks>
/// Found through a table in which a newcomer drives out what was there: bounded, without a lock, following what is usual now. A node keeps those of its hosts with what it knows of them, so that
/// what is stored does not hold the text of a host as it came over some connection.
/// </remarks>
public sealed class KeyScope : IEquatable<KeyScope>
{
    private const int Places = 4_096;

    private static readonly KeyScope?[] Known = new KeyScope?[Places];

    private readonly int _hash;

    private KeyScope(string scheme, string host, string parts, int hash) => (Scheme, Host, Parts, _hash) = (scheme, host, parts, hash);

    public string Scheme { get; }

    /// <summary>Canonical.</summary>
    public string Host { get; }

    /// <summary>What a cache rule puts into the key beside the target: request headers and cookies. Purges and invalidations take every value of it.</summary>
    public string Parts { get; }

    public static KeyScope Of(string scheme, string host, string parts)
    {
        var hash = Hash(scheme, host, parts);
        ref var place = ref Known[(uint)hash % Places];
        if (Volatile.Read(ref place) is { } known && known.Is(scheme, host, parts))
            return known;
        var made = new KeyScope(scheme, host, parts, hash);
        Volatile.Write(ref place, made);
        return made;
    }

    public bool Equals(KeyScope? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && Is(other.Scheme, other.Host, other.Parts));

    public override bool Equals(object? obj) => Equals(obj as KeyScope);

    public override int GetHashCode() => _hash;

    /// <summary>Scheme counts by its length: there are two.</summary>
    private static int Hash(string scheme, string host, string parts)
    {
        var hash = string.GetHashCode(host, StringComparison.Ordinal) + scheme.Length;
        return parts.Length == 0 ? hash : HashCode.Combine(hash, string.GetHashCode(parts, StringComparison.Ordinal));
    }

    private bool Is(string scheme, string host, string parts) =>
        string.Equals(Host, host, StringComparison.Ordinal)
        && string.Equals(Scheme, scheme, StringComparison.Ordinal)
        && string.Equals(Parts, parts, StringComparison.Ordinal);
}
