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

    /// <summary>True when it was met before, lately.</summary>
    /// <param name="text">Remembered from now on, when it is not longer than 256 characters.</param>
    /// <param name="known">The instance that others hold; else the text itself.</param>
    public static bool TryKnow(string text, out string known)
    {
        known = text;
        if (text.Length > Longest)
            return false;
        ref var place = ref Known[(uint)string.GetHashCode(text, StringComparison.Ordinal) % Places];
        var held = Volatile.Read(ref place);
        if (held is not null && string.Equals(held, text, StringComparison.Ordinal))
        {
            known = held;
            return true;
        }
        Volatile.Write(ref place, text);
        return false;
    }
}
