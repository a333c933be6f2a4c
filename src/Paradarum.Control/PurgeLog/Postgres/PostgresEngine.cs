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
                if (!builder.ShouldSerialize("Maximum Pool Size"))
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

    /// <summary>The lock is the session's: it ends with a connection that is cut, or with the server.</summary>
    public override bool CanBeSuperseded => true;

    public override LogDatabase Open(IReadOnlyList<SchemaPart> parts) => PostgresLogDatabase.Open(_writer, parts);

    public override DbConnection OpenReader()
    {
        var connection = new NpgsqlConnection(_reader);
        try
        {
            connection.Reach();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What an operator has not said in the connection string, and what <paramref name="further"/> insists on.</summary>
    internal static NpgsqlConnectionStringBuilder Settings(string database, string name, Action<NpgsqlConnectionStringBuilder> further)
    {
        var builder = new NpgsqlConnectionStringBuilder(database);
        // Not ContainsKey, which is true of every name that Npgsql knows.
        if (!builder.ShouldSerialize("Application Name"))
            builder.ApplicationName = name;
        if (!builder.ShouldSerialize("Timeout"))
            builder.Timeout = ConnectWithinSeconds;
        if (!builder.ShouldSerialize("Command Timeout"))
            builder.CommandTimeout = AnswerWithinSeconds;
        if (!builder.ShouldSerialize("Max Auto Prepare"))
            (builder.MaxAutoPrepare, builder.AutoPrepareMinUsages) = (64, 2);
        // Of several hosts only the primary can be written to, and only what it has confirmed is read.
        if (!builder.ShouldSerialize("Target Session Attributes") && builder.Host?.Contains(',', StringComparison.Ordinal) == true)
            builder.TargetSessionAttributes = "primary";
        // Who is the primary is asked, not remembered: what Npgsql remembers for ten seconds is just what a promotion has changed.
        if (!builder.ShouldSerialize("Host Recheck Seconds"))
            builder.HostRecheckSeconds = 0;
        further(builder);
        return builder;
    }

    public override void Dispose()
    {
        using var any = new NpgsqlConnection(_reader);
        NpgsqlConnection.ClearPool(any);
    }
}
