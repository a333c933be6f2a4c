namespace Paradarum.Edge.Storage;

/// <summary>
/// The stored variants of one key at one moment, newest first. Nearly always it is one, which is then held without an array around it: where there are a million of them, 32 bytes each.
/// </summary>
/// <param name="held">Null: none; the only one; or an array of several that is never written to.</param>
internal readonly struct VariantRow(object? held)
{
    public int Length =>
        held switch
        {
            null => 0,
            StoredEntry[] several => several.Length,
            _ => 1,
        };

    public bool IsEmpty => held is null;

    public StoredEntry this[int index] => held is StoredEntry[] several ? several[index] : (StoredEntry)held!;

    public Enumerator GetEnumerator() => new(this);

    public StoredEntry[] ToArray() =>
        held switch
        {
            null => [],
            StoredEntry[] several => several,
            _ => [(StoredEntry)held],
        };

    /// <summary>What is to be held with a newer one before them.</summary>
    internal object With(StoredEntry added) => held is null ? added : (StoredEntry[])[added, .. ToArray()];

    /// <summary>What is to be held without one of them; null also when it was the last.</summary>
    /// <returns>False when it is none of them.</returns>
    internal bool TryWithout(StoredEntry gone, out object? left)
    {
        left = held;
        if (ReferenceEquals(held, gone))
        {
            left = null;
            return true;
        }
        if (held is not StoredEntry[] several || Array.IndexOf(several, gone) is not (>= 0 and var at))
            return false;
        StoredEntry[] others = [.. several.AsSpan(0, at), .. several.AsSpan(at + 1)];
        left = others is [var only] ? only : others;
        return true;
    }

    internal struct Enumerator(VariantRow row)
    {
        private readonly int _length = row.Length;
        private int _at = -1;

        public readonly StoredEntry Current => row[_at];

        public bool MoveNext() => ++_at < _length;
    }
}
