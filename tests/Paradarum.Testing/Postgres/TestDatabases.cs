using System.Collections.Concurrent;
using System.Globalization;

namespace Paradarum.Testing.Postgres;

/// <summary>
/// The database that belongs to a control plane's data folder in tests. With <c>PARADARUM_TEST_DATABASE=postgres</c> it is PostgreSQL's, one database for each folder on one server
/// of this process; else a file of the folder, with SQLite. So the same tests run on both (<c>./test</c> does).
/// </summary>
internal static class TestDatabases
{
    private static readonly Lazy<PostgresServer> Server = new(Start);
    private static readonly ConcurrentDictionary<string, string> Names = new(StringComparer.Ordinal);
    private static int _last;

    public static bool ArePostgres { get; } = Environment.GetEnvironmentVariable("PARADARUM_TEST_DATABASE") == "postgres";

    /// <summary>The connection string for a folder, the same one whenever it is asked; null for SQLite.</summary>
    public static string? For(string folder) => ArePostgres ? Server.Value.ConnectionString(NameOf(folder)) : null;

    /// <summary>Whoever deletes the folder deletes its database.</summary>
    public static void Forget(string folder)
    {
        if (Names.TryRemove(folder, out var name))
            Server.Value.Execute($"DROP DATABASE {name} WITH (FORCE)");
    }

    private static string NameOf(string folder)
    {
        lock (Names)
            return Names.GetOrAdd(
                folder,
                _ =>
                {
                    var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _last)}");
                    Server.Value.Execute($"CREATE DATABASE {name}");
                    return name;
                }
            );
    }

    private static PostgresServer Start()
    {
        var server = PostgresServer.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    }
}
