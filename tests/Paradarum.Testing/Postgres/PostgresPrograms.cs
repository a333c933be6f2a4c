using System.Diagnostics;
using System.Globalization;

namespace Paradarum.Testing.Postgres;

/// <summary>PostgreSQL's own programs, which refuse to work for root: as root they are run as the user that Debian's package makes.</summary>
internal static class PostgresPrograms
{
    private const string User = "postgres";

    /// <summary>The newest version of Debian's packages that is there.</summary>
    private static readonly string Folder =
        Directory
            .GetDirectories("/usr/lib/postgresql")
            .OrderByDescending(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .Select(path => Path.Combine(path, "bin"))
            .FirstOrDefault(path => File.Exists(Path.Combine(path, "postgres")))
        ?? throw new InvalidOperationException("The Debian package postgresql-15 is missing.");

    /// <summary>How the program is started: by its user, with its arguments.</summary>
    public static (string File, string[] Arguments) Command(string program, params string[] arguments)
    {
        var path = Path.Combine(Folder, program);
        return Environment.UserName == "root"
            ? ("setpriv", ["--reuid", User, "--regid", User, "--init-groups", path, .. arguments])
            : (path, arguments);
    }

    /// <summary>Gives a folder to the user that the programs are run as.</summary>
    public static void Own(string folder)
    {
        if (Environment.UserName == "root")
            Run("chown", ["-R", $"{User}:{User}", folder]);
    }

    public static void Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}{output.Result}");
    }
}
