using Microsoft.AspNetCore.Http;

namespace Paradarum.SimulationTests.World;

/// <summary>What a page said: whose it is, which one, and which version. The whole of a body.</summary>
internal readonly record struct Content(int Property, int Path, int Version)
{
    public const int Bytes = 8;

    public long Number => ((long)Property << 48) | ((long)Path << 32) | (uint)Version;

    public static Content Of(long number) => new((int)(number >> 48), (int)(number >> 32) & 0xFFFF, (int)number);

    public override string ToString() => $"property {Property} path {Path} version {Version}";
}

/// <summary>
/// One origin for each property: every page has versions. Pages differ in what they say about themselves: some have strong tags, some weak ones that two
/// versions share, some are fresh for long, some must be asked about each time, some vary by
/// coding.
/// </summary>
internal sealed class Origin(Time time)
{
    private readonly List<long>[] _changedAt =
    [
        .. Enumerable.Range(0, 2 * Topology.PathCount).Select(_ => new List<long>(4) { long.MinValue }),
    ];

    /// <summary>Refuses while above 0.</summary>
    public int Down { get; set; }

    /// <summary>It answers 503 instead of refusing connections.</summary>
    public bool SaysSo { get; set; }

    public void Publish(int property, int path) => Changes(property, path).Add(time.Now);

    public int VersionNow(int property, int path) => Changes(property, path).Count - 1;

    /// <summary>The version that a page had at an instant.</summary>
    public int VersionAt(int property, int path, long instant)
    {
        var changes = Changes(property, path);
        var version = changes.Count - 1;
        while (version > 0 && changes[version] > instant)
            version--;
        return version;
    }

    /// <summary>The newest version that a tag was given to.</summary>
    public static int NewestWith(string tag)
    {
        var number = int.Parse(
            tag.AsSpan(tag.IndexOf('-', StringComparison.Ordinal) + 1).TrimEnd('"'),
            System.Globalization.CultureInfo.InvariantCulture
        );
        return tag.StartsWith("W/", StringComparison.Ordinal) ? (number * 2) + 1 : number;
    }

    public (int Status, HeaderDictionary Headers, Content Content) Answer(int property, int path, IHeaderDictionary request)
    {
        var headers = new HeaderDictionary(6);
        if (Down > 0)
            return (503, headers, default);
        var version = VersionNow(property, path);
        var tag = IsWeak(path) ? $"W/\"{property}{path}-{version / 2}\"" : $"\"{property}{path}-{version}\"";
        headers["ETag"] = tag;
        if (path is 0 or 3)
            headers["Vary"] = "Accept-Encoding";
        headers["Cache-Control"] = path switch
        {
            2 => "max-age=3600, stale-if-error=3600",
            3 => "max-age=1, stale-while-revalidate=60, stale-if-error=60",
            4 => "max-age=0",
            _ => "max-age=3600",
        };
        var holds = request.IfNoneMatch.Count > 0 && string.Equals(request.IfNoneMatch[0], tag, StringComparison.Ordinal);
        return (holds ? 304 : 200, headers, new Content(property, path, version));
    }

    private static bool IsWeak(int path) => path is 1 or 3 or 4;

    private List<long> Changes(int property, int path) => _changedAt[((property - 1) * Topology.PathCount) + path];
}
