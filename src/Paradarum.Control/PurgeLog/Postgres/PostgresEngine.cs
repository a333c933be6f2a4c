using System.Data;
using System.Data.Common;
using Npgsql;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>The database is PostgreSQL's, version 15 or later. Its replication makes copies; this asks it for nothing but durable transactions.</summary>
internal sealed class PostgresEngine : LogEngine
{
    private const int ConnectWithinSeconds = 3;
    private const int MostReaders = 32;

    // A commit that waits for a standby which does not come is an error to those who wait, and looked up when the session is over.
    private const int AnswerWithinSeconds = 10;

    private readonly string _writer;
    private readonly string _reader;

    public PostgresEngine(LogOptions options)
    {
        // The writer's session is the lock that keeps other control planes out: one of its own, never handed on.
        _writer = Settings(options.Database!, "Paradarum writer", builder => builder.Pooling = false).ConnectionString;
        _reader = Settings(
            options.Database!,
            "Paradarum reader",
            builder =>
            {
                if (!builder.ContainsKey("Maximum Pool Size"))
                    builder.MaxPoolSize = MostReaders;
            }
        ).ConnectionString;
    }

    /// <summary>What is wrong with a connection string, in a sentence that repeats nothing of it: it may hold a password. Null when it can be tried.</summary>
    public static string? Problem(string database)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(database).Host is { Length: > 0 } ? null : "it names no Host";
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            return e is ArgumentException { ParamName: { Length: > 0 } name }
                ? $"the part {name} is not understood"
                : "it is not understood";
        }
    }

    /// <summary>
    /// Returns when a writer could start: the server can be reached, is a primary, and nobody holds the lock. Takes nothing: somebody else may be faster. Looks over one connection for as long as
    /// that lives.
    /// </summary>
    public static async Task UntilFreeAsync(string database, TimeSpan lookEvery, TimeProvider time, CancellationToken stop)
    {
        var settings = Settings(database, "Paradarum stand-by", builder => builder.Pooling = false).ConnectionString;
        NpgsqlConnection? connection = null;
        try
        {
            while (true)
            {
                try
                {
                    connection ??= new NpgsqlConnection(settings);
                    if (connection.State != ConnectionState.Open)
                        await connection.OpenAsync(stop);
                    await using var command = new NpgsqlCommand(PostgresLogDatabase.IsFree, connection);
                    if (await command.ExecuteScalarAsync(stop) is true)
                        return;
                }
                catch (Exception e) when (e is NpgsqlException or TimeoutException)
                {
                    await connection!.DisposeAsync();
                    connection = null;
                }
                await Task.Delay(lookEvery, time, stop);
            }
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    /// <summary>The lock is the session's: it ends with a connection that is cut, or with the server.</summary>
    public override bool CanBeSuperseded => true;

    public override LogDatabase Open(IReadOnlyList<SchemaPart> parts) => PostgresLogDatabase.Open(_writer, parts);

    public override DbConnection OpenReader()
    {
        var connection = new NpgsqlConnection(_reader);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static NpgsqlConnectionStringBuilder Settings(string database, string name, Action<NpgsqlConnectionStringBuilder> further)
    {
        var builder = new NpgsqlConnectionStringBuilder(database);
        if (!builder.ContainsKey("Application Name"))
            builder.ApplicationName = name;
        if (!builder.ContainsKey("Timeout"))
            builder.Timeout = ConnectWithinSeconds;
        if (!builder.ContainsKey("Command Timeout"))
            builder.CommandTimeout = AnswerWithinSeconds;
        if (!builder.ContainsKey("Max Auto Prepare"))
            (builder.MaxAutoPrepare, builder.AutoPrepareMinUsages) = (64, 2);
        // Of several hosts only the primary can be written to, and only what it has confirmed is read.
        if (!builder.ContainsKey("Target Session Attributes") && builder.Host?.Contains(',', StringComparison.Ordinal) == true)
            builder.TargetSessionAttributes = "primary";
        further(builder);
        return builder;
    }

    public override void Dispose()
    {
        using var any = new NpgsqlConnection(_reader);
        NpgsqlConnection.ClearPool(any);
    }
}
