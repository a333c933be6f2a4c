using Microsoft.Extensions.FileProviders;

namespace Paradarum.Up;

/// <summary>
/// Serves a folder as the origin (<c>--site</c>): index.html for folders, strong validators from the framework's static
/// files, no freshness of its own, and nothing outside the folder.
/// </summary>
internal static class FolderOrigin
{
    public static void Map(WebApplication app, string folder)
    {
        var files = new PhysicalFileProvider(folder);
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(
            new StaticFileOptions
            {
                FileProvider = files,
                ServeUnknownFileTypes = true,
                DefaultContentType = "application/octet-stream",
            }
        );
        app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("There is no such file in the folder.\n", context.RequestAborted);
        });
    }
}
