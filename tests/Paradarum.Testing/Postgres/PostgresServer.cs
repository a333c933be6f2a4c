using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Paradarum.Testing.Postgres;

/// <summary>
/// A PostgreSQL server of a test's own: its cluster in a new folder, on a loopback port, with everything that durability needs switched on. It ends with whoever started it, even
/// when that is killed.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Memory = "/dev/shm";
    private const long RoomInMemory = 2L << 30;

    // Reads a line that never comes: at the end of its input, which is the end of the process that holds it, the server is stopped.
    private const string Keeper = """
        "$@" & server=$!
        read -r _
        kill -INT $server 2>/dev/null
        wait $server
        """;

    private readonly string _folder;
    private Process? _keeper;

    private PostgresServer(string folder, int port) => (_folder, Port) = (folder, port);

    public int Port { get; }

    public string Data => Path.Combine(_folder, "data");

    public string LogFile => Path.Combine(_folder, "server.log");

    /// <param name="settings">Of postgresql.conf, <c>name = value</c>.</param>
    public static PostgresServer Start(params string[] settings) => StartIn(NewFolder(inMemory: true), settings);

    /// <summary>Where its flushes cost what they cost: for figures.</summary>
    public static PostgresServer StartOnDisk(params string[] settings) => StartIn(NewFolder(inMemory: false), settings);

    private static PostgresServer StartIn(string folder, string[] settings)
    {
        var server = new PostgresServer(folder, FreePorts.Row(1));
        var (file, arguments) = PostgresPrograms.Command(
            "initdb",
            "-D",
            server.Data,
            "-U",
            "paradarum",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync"
        );
        PostgresPrograms.Run(file, arguments);
        // Shared memory in its folder: what a killed one leaves goes with it.
        server.Configure(["max_connections = 300", "shared_buffers = 64MB", "dynamic_shared_memory_type = mmap", .. settings]);
        server.Run();
        return server;
    }

    /// <summary>A standby of <paramref name="primary"/> under this name, streaming from it.</summary>
    public static PostgresServer StartStandby(PostgresServer primary, string name)
    {
        var server = new PostgresServer(NewFolder(primary._folder.StartsWith(Memory, StringComparison.Ordinal)), FreePorts.Row(1));
        server.CopyFrom(primary, name);
        server.Run();
        return server;
    }

    /// <summary>A killed server comes back as the standby of the one that took its place.</summary>
    public void ComeBackAsStandby(PostgresServer primary, string name)
    {
        Directory.Delete(Data, recursive: true);
        CopyFrom(primary, name);
        Run();
    }

    private void CopyFrom(PostgresServer primary, string name)
    {
        var (file, arguments) = PostgresPrograms.Command(
            "pg_basebackup",
            "-D",
            Data,
            "-d",
            $"host=127.0.0.1 port={primary.Port.ToString(CultureInfo.InvariantCulture)} user=paradarum application_name={name}",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync"
        );
        PostgresPrograms.Run(file, arguments);
    }

    /// <summary>For a database of this server.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port.ToString(CultureInfo.InvariantCulture)};Username=paradarum;Database={database}";

    public void Execute(string sql, string database = "postgres")
    {
        using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public object? Scalar(string sql, string database = "postgres")
    {
        using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>Whether commits wait for a standby from now on.</summary>
    public void WaitForStandby(bool wait)
    {
        Execute($"ALTER SYSTEM SET synchronous_standby_names = '{(wait ? "*" : "")}'");
        Execute("SELECT pg_reload_conf()");
    }

    public void Configure(params string[] settings) => File.AppendAllLines(Path.Combine(Data, "postgresql.conf"), settings);

    /// <summary>Takes over as the primary, on a new timeline.</summary>
    public void Promote() => Scalar("SELECT pg_promote(true, 30)");

    /// <summary>SIGKILL to the server and all its processes: nothing is flushed, nobody is told.</summary>
    public void Kill()
    {
        foreach (var pid in Processes())
            Signal("KILL", pid);
        EndKeeper();
    }

    /// <summary>Starts it again after <see cref="Kill"/>.</summary>
    public void Run()
    {
        var (file, arguments) = PostgresPrograms.Command(
            "postgres",
            "-D",
            Data,
            "-c",
            $"port={Port.ToString(CultureInfo.InvariantCulture)}",
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            $"unix_socket_directories={_folder}"
        );
        var script = $"exec >>'{LogFile}' 2>&1\n{Keeper}";
        _keeper = Process.Start(
            new ProcessStartInfo("sh", ["-c", script, "sh", file, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                WorkingDirectory = "/",
            }
        )!;
        WaitUntilItAnswers();
    }

    private void WaitUntilItAnswers()
    {
        var (file, arguments) = PostgresPrograms.Command(
            "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            Port.ToString(CultureInfo.InvariantCulture)
        );
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            using var asked = Process.Start(new ProcessStartInfo(file, arguments) { WorkingDirectory = "/" })!;
            asked.WaitForExit();
            if (asked.ExitCode == 0)
                return;
            if (_keeper!.HasExited || Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"PostgreSQL did not start: {File.ReadAllText(LogFile)}");
        }
    }

    /// <summary>The server's own process, then its children's.</summary>
    public List<int> Processes()
    {
        var server = int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        var children = File.ReadAllText(
            $"/proc/{server.ToString(CultureInfo.InvariantCulture)}/task/{server.ToString(CultureInfo.InvariantCulture)}/children"
        );
        return
        [
            server,
            .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture)),
        ];
    }

    private void EndKeeper()
    {
        if (_keeper is null)
            return;
        _keeper.StandardInput.Close();
        _keeper.WaitForExit();
        _keeper.Dispose();
        _keeper = null;
    }

    private static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>In memory where there is room: what is flushed there is flushed at once, and the server does all that it does on a disk.</summary>
    private static string NewFolder(bool inMemory)
    {
        var memory = new DriveInfo(Memory);
        var parent = inMemory && memory.IsReady && memory.AvailableFreeSpace > RoomInMemory ? Memory : Path.GetTempPath();
        var folder = Path.Combine(parent, $"paradarum-postgres-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        PostgresPrograms.Own(folder);
        return folder;
    }

    public void Dispose()
    {
        EndKeeper();
        Directory.Delete(_folder, recursive: true);
    }
}
