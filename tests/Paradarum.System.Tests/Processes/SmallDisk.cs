using System.Diagnostics;

namespace Paradarum.SystemTests.Processes;

/// <summary>A disk of its own (tmpfs) that a test can fill. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    /// <summary>Null, with why, where mounting is not allowed.</summary>
    public static async Task<(SmallDisk? Disk, string Why)> TryMountAsync(string folder, int megabytes)
    {
        Directory.CreateDirectory(folder);
        try
        {
            var problem = await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=700", "tmpfs", folder);
            return problem.Length == 0 ? (new SmallDisk(folder), "") : (null, problem);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Takes all room that is left, or gives it back.</summary>
    public async Task FillAsync(bool full)
    {
        var file = Path.Combine(_folder, "ballast");
        if (!full)
        {
            File.Delete(file);
            return;
        }
        try
        {
            await using var ballast = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            // Large pieces, then small ones: not even one page of the database is to find room.
            foreach (var size in new[] { 64 << 10, 1 << 10 })
            {
                try
                {
                    while (true)
                        await ballast.WriteAsync(new byte[size]);
                }
                catch (IOException)
                {
                    // No room for such a piece any more: what was meant.
                }
            }
        }
        catch (IOException)
        {
            // Closing it found the disk full, too.
        }
    }

    public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", _folder);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var errors = (await process.StandardError.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? ""
            : errors.Length > 0 ? errors
            : $"{program} ended with {process.ExitCode}";
    }
}
