using System.Runtime.CompilerServices;

namespace Paradarum.Testing;

/// <summary>Where the sources are, for tests that read them: committed snapshots, the rules of the layout.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    private static string Here([CallerFilePath] string path = "") => path;
}
