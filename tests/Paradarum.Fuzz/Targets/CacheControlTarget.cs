using Paradarum.Edge.Freshness;

namespace Paradarum.Fuzz.Targets;

/// <summary><see cref="CacheControl"/>: never throws, durations within RFC 9111 §1.2.2, and a directive that is given can't be taken back by what follows it.</summary>
internal static class CacheControlTarget
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2_147_483_648);

    public static void Judge(byte[] input)
    {
        var lines = FuzzFields.Lines(input);
        var read = CacheControl.Parse(lines);
        Within(read.MaxAge);
        Within(read.SharedMaxAge);
        Within(read.StaleIfError);
        Within(read.StaleWhileRevalidate);
        Within(read.MinFresh);
        if (read.MaxStale != TimeSpan.MaxValue)
            Within(read.MaxStale);

        var more = CacheControl.Parse(new([.. lines, "no-store, max-age=7"]));
        BrokenPromiseException.Unless(more.Has(Directives.NoStore), "A line of its own is read whatever stands in the lines before.");
        BrokenPromiseException.Unless((more.Directives & read.Directives) == read.Directives, "Another line takes no directive back.");
        BrokenPromiseException.Unless(
            read.MaxAge is null ? more.MaxAge == TimeSpan.FromSeconds(7) : more.MaxAge == TimeSpan.Zero,
            "A number that is given twice never extends a lifetime."
        );
    }

    private static void Within(TimeSpan? duration) =>
        BrokenPromiseException.Unless(
            duration is null || (duration >= TimeSpan.Zero && duration <= Longest),
            $"{duration} is out of bounds."
        );
}
