using Paradarum.Edge.Freshness;

namespace Paradarum.Fuzz.Targets;

/// <summary><see cref="StructuredField"/> through its users: a targeted field and a list of groups. Never throws; what is valid stays so with one more member.</summary>
internal static class StructuredFieldTarget
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2_147_483_648);

    public static void Judge(byte[] input)
    {
        var lines = FuzzFields.Lines(input);
        if (CacheControl.Targeted(lines) is { } read)
        {
            BrokenPromiseException.Unless(
                read.MaxAge is null || (read.MaxAge >= TimeSpan.Zero && read.MaxAge <= Longest),
                "A lifetime within its bounds."
            );
            BrokenPromiseException.Unless(
                CacheControl.Targeted(new([.. lines, "no-store, max-age=7"])) is { } more
                    && more.Has(Directives.NoStore)
                    && more.MaxAge == TimeSpan.FromSeconds(7),
                "The last of equal members counts."
            );
        }
        if (CacheGroups.Of(lines) is not { Length: > 0 } groups)
            return;
        var written = string.Join(
            ", ",
            groups.Select(group =>
                $"\"{group.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            )
        );
        BrokenPromiseException.Unless(
            CacheGroups.Of(written).SequenceEqual(groups, StringComparer.Ordinal),
            "What was read reads the same again."
        );
    }
}
