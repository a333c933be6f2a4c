using Paradarum.Fuzz.Targets;

namespace Paradarum.Fuzz;

/// <summary>Each reader under a name. A target throws when its reader does, or when what was read breaks what the reader's documentation promises.</summary>
internal static class FuzzTargets
{
    public static readonly IReadOnlyDictionary<string, Action<byte[]>> All = new SortedDictionary<string, Action<byte[]>>(
        StringComparer.Ordinal
    )
    {
        ["cache-control"] = CacheControlTarget.Judge,
        ["conditions"] = ConditionsTarget.Judge,
        ["entry"] = EntryTarget.Judge,
        ["host"] = HostTarget.Judge,
        ["range"] = RangeTarget.Judge,
        ["structured-field"] = StructuredFieldTarget.Judge,
        ["target"] = UrlTarget.Judge,
        ["vary"] = VaryTarget.Judge,
    };
}

/// <summary>A promise that a reader broke for some input.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message)
{
    public static void Unless(bool kept, string promise)
    {
        if (!kept)
            throw new BrokenPromiseException(promise);
    }
}
