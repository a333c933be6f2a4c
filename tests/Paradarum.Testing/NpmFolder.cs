using System.Diagnostics;
using System.Security.Cryptography;

namespace Paradarum.Testing;

/// <summary>A folder whose <c>package-lock.json</c> names programs of npm that tests run. Needs node and npm.</summary>
internal static class NpmFolder
{
    /// <summary>Installs what the lock file names, unless that very lock file was installed before; whole or not at all.</summary>
    public static async Task InstallAsync(string folder)
    {
        var lockFile = Path.Combine(folder, "package-lock.json");
        var wanted = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(lockFile)));
        var installed = Path.Combine(folder, "node_modules");
        var stamp = Path.Combine(installed, ".installed");
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            return;

        // Beside its place, so that it can be moved there in one step: a benchmark may fetch it at the same time.
        var fetched = Directory.CreateDirectory(Path.Combine(folder, $"node_modules.{Environment.ProcessId}")).FullName;
        try
        {
            File.Copy(lockFile, Path.Combine(fetched, "package-lock.json"), overwrite: true);
            File.Copy(Path.Combine(folder, "package.json"), Path.Combine(fetched, "package.json"), overwrite: true);
            var (code, output) = await RunAsync(fetched, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            if (code != 0)
                throw new InvalidOperationException($"npm could not fetch what {lockFile} names: {output}");
            await File.WriteAllTextAsync(Path.Combine(fetched, "node_modules", ".installed"), wanted);
            if (Directory.Exists(installed))
                Directory.Delete(installed, recursive: true);
            Directory.Move(Path.Combine(fetched, "node_modules"), installed);
        }
        finally
        {
            Directory.Delete(fetched, recursive: true);
        }
    }

    /// <summary>Runs a program in the folder to its end.</summary>
    /// <returns>Its exit code and all that it said.</returns>
    public static async Task<(int Code, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        using var run = Process.Start(Command(folder, program, arguments))!;
        var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        return (run.ExitCode, await output + await errors);
    }

    public static ProcessStartInfo Command(string folder, string program, params string[] arguments) =>
        new(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
}
