namespace Paradarum.Edge.Storage;

/// <summary>
/// What the fields of many responses have in common: their names in order, and those values that are the same in all of them. One instance for all such responses, found through a table in which a
/// newcomer drives out what was there: bounded, without a lock, following what is usual now.
/// </summary>
/// <remarks>
/// Which values are common is found out, not configured (<see cref="UsualTexts"/>), but for names whose values differ from response to response by their meaning. A row with common values is made
/// only when it is wanted for the second time, so that values which come twice do not cost a row each.
/// </remarks>
internal sealed class FieldRow
{
    /// <summary>A site has a handful of different rows.</summary>
    private const int Places = 1_024;

    /// <summary>Characters of names and common values; what is longer is not shared.</summary>
    private const int Longest = 4_096;

    private static readonly FieldRow?[] Known = new FieldRow?[Places];
    private static readonly int[] Wanted = new int[Places]; // the hash that was asked for last at a place, and not found

    private static readonly string[] OfOneResponse = ["Age", "Content-Length", "Date", "ETag", "Expires", "Last-Modified", "Set-Cookie"];

    private readonly string?[] _common;

    private FieldRow(string[] names, string?[] common)
    {
        (Names, _common) = (names, common);
        Age = Array.FindIndex(names, static name => name.Equals("Age", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Not to be written to.</summary>
    public string[] Names { get; }

    /// <summary>Where Age is among them; negative when it is not.</summary>
    public int Age { get; }

    /// <summary>The value that all responses of this row have there; null: each has its own, in the order of the names.</summary>
    public string? Common(int at) => _common[at];

    /// <summary>Whether a field's value may stand in a row at all.</summary>
    public static bool MayBeCommon(string name) =>
        Array.FindIndex(OfOneResponse, own => own.Equals(name, StringComparison.OrdinalIgnoreCase)) < 0;

    /// <summary>The row for these names and common values. Where it is not known yet, one without common values: the caller's own are then all of them.</summary>
    /// <param name="names">Not to be written to afterwards.</param>
    /// <param name="common">For each name its value, or null. Not to be written to afterwards.</param>
    public static FieldRow Of(string[] names, string?[] common)
    {
        if (Array.TrueForAll(common, static value => value is null) || Length(names) + Length(common) > Longest)
            return Bare(names);
        ref var place = ref At(names, common, out var hash, out var index);
        if (place is { } known && known.Is(names, common))
            return known;
        if (Interlocked.Exchange(ref Wanted[index], hash) != hash)
            return Bare(names);
        var made = new FieldRow(names, common);
        Volatile.Write(ref place, made);
        return made;
    }

    private static FieldRow Bare(string[] names)
    {
        var none = new string?[names.Length];
        ref var place = ref At(names, none, out _, out _);
        if (place is { } known && known.Is(names, none))
            return known;
        var made = new FieldRow(names, none);
        if (Length(names) <= Longest)
            Volatile.Write(ref place, made);
        return made;
    }

    private static ref FieldRow? At(string[] names, string?[] common, out int hash, out uint index)
    {
        var mixed = default(HashCode);
        for (var i = 0; i < names.Length; i++)
        {
            mixed.Add(string.GetHashCode(names[i], StringComparison.Ordinal));
            mixed.Add(common[i] is { } value ? string.GetHashCode(value, StringComparison.Ordinal) : 0);
        }
        hash = mixed.ToHashCode();
        index = (uint)hash % Places;
        return ref Known[index];
    }

    private bool Is(string[] names, string?[] common) => Names.AsSpan().SequenceEqual(names) && _common.AsSpan().SequenceEqual(common);

    private static int Length(string?[] texts) => texts.Sum(static text => text?.Length ?? 0);
}
