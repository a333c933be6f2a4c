namespace Paradarum.Edge.Purging;

/// <summary>
/// Many literals tested together against the start of a text: one binary search, whatever their number. Each literal knows the longest other one that it
/// starts with, so all that a text starts with lie on one chain. Build O(n log n), no memory beyond 24 bytes a literal.
/// </summary>
internal sealed class PrefixSet
{
    public static readonly PrefixSet Empty = new([]);

    private readonly string[] _literals;
    private readonly int[] _parents;
    private readonly ulong[] _newest; // of the literal and of all those it starts with

    public PrefixSet(IReadOnlyCollection<(string Literal, ulong Position)> rules)
    {
        var newest = new Dictionary<string, ulong>(rules.Count, StringComparer.Ordinal);
        foreach (var (literal, position) in rules)
            newest[literal] = Math.Max(position, newest.GetValueOrDefault(literal));
        _literals = [.. newest.Keys];
        Array.Sort(_literals, StringComparer.Ordinal);
        _parents = new int[_literals.Length];
        _newest = new ulong[_literals.Length];
        for (var i = 0; i < _literals.Length; i++)
        {
            var parent = i - 1;
            while (parent >= 0 && !_literals[i].StartsWith(_literals[parent], StringComparison.Ordinal))
                parent = _parents[parent];
            _parents[i] = parent;
            _newest[i] = Math.Max(newest[_literals[i]], parent < 0 ? 0 : _newest[parent]);
        }
    }

    /// <summary>Newest position of a literal that the text starts with; 0 when there is none.</summary>
    public ulong NewestMatch(ReadOnlySpan<char> text)
    {
        var at = LastUpTo(text);
        if (at < 0)
            return 0;

        // What the text starts with is what its predecessor starts with, as far as the two agree.
        var common = text.CommonPrefixLength(_literals[at]);
        while (at >= 0 && _literals[at].Length > common)
            at = _parents[at];
        return at < 0 ? 0 : _newest[at];
    }

    private int LastUpTo(ReadOnlySpan<char> text)
    {
        var (low, high) = (0, _literals.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_literals[middle].AsSpan().SequenceCompareTo(text) <= 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
