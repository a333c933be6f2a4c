using System.Diagnostics.CodeAnalysis;

namespace Paradarum.Edge.Storage;

/// <summary>
/// Gives one instance for texts that many stored responses hold: <c>text/html</c>, a <c>Cache-Control</c> of a whole site, the <c>Date</c> of all that was fetched in one
/// second. Bounded; a text that comes to the place of another drives it out, so it follows what is usual now. Thread-safe, without a lock.
/// </summary>
internal static class UsualTexts
{
    private const int Places = 8_192;
    private const int Longest = 256;

    private static readonly string?[] Known = new string?[Places];

    [return: NotNullIfNotNull(nameof(text))]
    public static string? One(string? text)
    {
        if (text is null || text.Length > Longest)
            return text;
        ref var place = ref Known[(uint)string.GetHashCode(text, StringComparison.Ordinal) % Places];
        var known = Volatile.Read(ref place);
        if (known is not null && string.Equals(known, text, StringComparison.Ordinal))
            return known;
        Volatile.Write(ref place, text);
        return text;
    }
}

/// <summary>The names of a response's fields in their order, one instance for all responses that have the same; bounded as <see cref="UsualTexts"/> is.</summary>
internal sealed class FieldNames
{
    /// <summary>A site has a handful of different rows of names.</summary>
    private const int Places = 1_024;
    private const int Longest = 2_048;

    private static readonly FieldNames?[] Known = new FieldNames?[Places];

    private FieldNames(string[] all) =>
        (All, Age) = (all, Array.FindIndex(all, name => name.Equals("Age", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Not to be written to.</summary>
    public string[] All { get; }

    /// <summary>Where Age is among them; negative when it is not.</summary>
    public int Age { get; }

    /// <param name="names">Not to be written to afterwards.</param>
    public static FieldNames Of(string[] names)
    {
        var (hash, length) = (default(HashCode), 0);
        foreach (var name in names)
        {
            hash.Add(string.GetHashCode(name, StringComparison.Ordinal));
            length += name.Length;
        }
        ref var place = ref Known[(uint)hash.ToHashCode() % Places];
        var known = Volatile.Read(ref place);
        if (known is not null && known.All.AsSpan().SequenceEqual(names))
            return known;
        var made = new FieldNames(names);
        if (length <= Longest)
            Volatile.Write(ref place, made);
        return made;
    }
}
