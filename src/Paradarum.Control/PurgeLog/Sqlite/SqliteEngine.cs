using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Paradarum.Control.PurgeLog.Sqlite;

/// <summary>The database is one file of the data folder.</summary>
internal sealed class SqliteEngine : LogEngine
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly LogOptions _options;
    private readonly ILogger _log;

    public SqliteEngine(DataFolder folder, LogOptions options, ILogger log)
    {
        (File, _options, _log) = (folder.DatabaseFile, options, log);
        try
        {
            KeepToOwner(File);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogCannotStartException($"The data folder {folder.Path} cannot be used: {e.Message}", e);
        }
    }

    public string File { get; }

    /// <summary>The folder's lock is the process's, as long as it lives.</summary>
    public override bool CanBeSuperseded => false;

    public override LogDatabase Open(IReadOnlyList<SchemaPart> parts) => SqliteLogDatabase.Open(File, _options, parts, _log);

    public override DbConnection OpenReader() => OpenReader(File);

    public static SqliteConnection OpenReader(string file)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ConnectionString
        );
        connection.Open();
        return connection;
    }

    /// <summary>
    /// The database holds the keys that sign sessions, purge ids and what tiers say to one another: no other user may read it, also in a folder that was there
    /// before. An empty file is a new database to SQLite, and its write-ahead log is given the same mode.
    /// </summary>
    private static void KeepToOwner(string file)
    {
        System
            .IO.File.Open(
                file,
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.ReadWrite,
                    UnixCreateMode = OwnerOnly,
                }
            )
            .Dispose();
        System.IO.File.SetUnixFileMode(file, OwnerOnly);
    }

    public override void Dispose() { }
}
