namespace Paradarum.Control.Panel.Plugins;

/// <summary>The packages of the plugins that this control plane came with, as <c>eng/package-plugins</c> writes them. It may have come without.</summary>
/// <param name="folder">Where they are looked for, anew each time.</param>
internal sealed class PluginPackages(string folder)
{
    /// <summary>Beside the program: where <c>eng/publish</c> puts them.</summary>
    public static string Beside => Path.Combine(AppContext.BaseDirectory, "plugins");

    // The only names that are ever opened.
    private static readonly PluginPackage[] Known = [new("WordPress", "wordpress.zip"), new("PrestaShop", "prestashop.zip")];

    public IReadOnlyList<PluginPackage> Found => [.. Known.Where(package => File.Exists(PathOf(package)))];

    public static IResult Send(string file, PluginPackages packages) =>
        packages.Found.FirstOrDefault(package => string.Equals(package.File, file, StringComparison.Ordinal)) is { } found
            ? TypedResults.PhysicalFile(packages.PathOf(found), "application/zip", found.File)
            : TypedResults.StatusCode(StatusCodes.Status404NotFound);

    private string PathOf(PluginPackage package) => Path.Combine(folder, package.File);
}

/// <param name="System">What it is for.</param>
/// <param name="File">Its name.</param>
internal sealed record PluginPackage(string System, string File);
