namespace Paradarum.Edge.Purging;

/// <summary>
/// A text that everything a pattern matches must hold: the prefilter that keeps most patterns from being run at all. Reads only plain syntax and gives up
/// (null) on the rest, which costs speed, never correctness.
/// </summary>
internal static class RequiredLiteral
{
    private const int Shortest = 2;

    public static string? Of(string pattern)
    {
        var (longest, run) = ("", new System.Text.StringBuilder());
        for (var i = 0; i < pattern.Length; i++)
        {
            var character = pattern[i];
            char? plain = null;
            switch (character)
            {
                case '|':
                    return null; // either side will do, so neither is required
                case '(':
                    if (EndOfGroup(pattern, i) is not { } end)
                        return null;
                    i = end;
                    break;
                case '[':
                    if (EndOfClass(pattern, i) is not { } close)
                        return null;
                    i = close;
                    break;
                case '\\':
                    if (i + 1 >= pattern.Length)
                        return null;
                    character = pattern[++i];
                    if (char.IsAscii(character) && (char.IsPunctuation(character) || char.IsSymbol(character)))
                        plain = character;
                    else if (!"dDwWsSbBAZz".Contains(character, StringComparison.Ordinal))
                        return null; // back-references, code points, categories
                    break;
                case '*' or '?':
                    // What stands before it may be absent; a lazy or doubled mark after a closed run takes nothing away.
                    if (run.Length > 0)
                        run.Length--;
                    break;
                case '+' or '.' or '^' or '$':
                    break;
                case '{' or '}' or ']' or ')' or '#':
                    return null;
                default:
                    plain = character;
                    break;
            }

            if (plain is not null)
            {
                run.Append(plain);
                continue;
            }
            if (run.Length > longest.Length)
                longest = run.ToString();
            run.Clear();
        }
        if (run.Length > longest.Length)
            longest = run.ToString();
        return longest.Length >= Shortest ? longest : null;
    }

    /// <summary>The parenthesis that closes a group. Null for groups that set options (they reach beyond their end) or are comments.</summary>
    private static int? EndOfGroup(string pattern, int open)
    {
        var depth = 0;
        for (var i = open; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    if (EndOfClass(pattern, i) is not { } close)
                        return null;
                    i = close;
                    break;
                case '(':
                    var after = pattern.AsSpan(i + 1);
                    if (after.StartsWith("?", StringComparison.Ordinal) && !IsPlainGroup(after))
                        return null;
                    depth++;
                    break;
                case ')':
                    if (--depth == 0)
                        return i;
                    break;
            }
        }
        return null;
    }

    private static bool IsPlainGroup(ReadOnlySpan<char> after) =>
        after.StartsWith("?:", StringComparison.Ordinal)
        || after.StartsWith("?=", StringComparison.Ordinal)
        || after.StartsWith("?!", StringComparison.Ordinal)
        || after.StartsWith("?>", StringComparison.Ordinal)
        || after.StartsWith("?<", StringComparison.Ordinal);

    private static int? EndOfClass(string pattern, int open)
    {
        var i = open + 1;
        if (i < pattern.Length && pattern[i] == '^')
            i++;
        if (i < pattern.Length && pattern[i] == ']')
            i++; // the first one is a member
        for (; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
                i++;
            else if (pattern[i] == '[')
                return null; // subtraction nests
            else if (pattern[i] == ']')
                return i;
        }
        return null;
    }
}
