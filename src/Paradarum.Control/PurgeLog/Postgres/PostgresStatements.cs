using System.Data.Common;
using Npgsql;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>
/// Statements whose rows nobody reads wait and go to the server together, with the next query or at <see cref="Flush"/>: a group of purges takes as many round trips as one
/// purge. Npgsql prepares what comes again.
/// </summary>
internal sealed class PostgresStatements(NpgsqlConnection connection) : Statements
{
    // A batch is built in memory before it is sent.
    private const int MostWaiting = 512;

    private readonly List<NpgsqlBatchCommand> _waiting = [];

    public override void Execute(string sql, params ReadOnlySpan<object?> values)
    {
        _waiting.Add(Command(sql, values));
        if (_waiting.Count >= MostWaiting)
            Flush();
    }

    public override List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        _waiting.Add(Command(sql, values));
        using var batch = Batch();
        // Statements without rows have no result; the first one is the query's.
        using var reader = batch.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    public override void Flush()
    {
        if (_waiting.Count == 0)
            return;
        using var batch = Batch();
        batch.ExecuteNonQuery();
    }

    public override void Forget() => _waiting.Clear();

    /// <summary>PostgreSQL holds every character but NUL.</summary>
    public static string Holdable(string text) => text.Replace('\0', '\uFFFD');

    private NpgsqlBatch Batch()
    {
        var batch = new NpgsqlBatch(connection, (NpgsqlTransaction?)Transaction);
        foreach (var command in _waiting)
            batch.BatchCommands.Add(command);
        _waiting.Clear();
        return batch;
    }

    private static NpgsqlBatchCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(
                value switch
                {
                    long number => new NpgsqlParameter<long> { TypedValue = number },
                    int number => new NpgsqlParameter<int> { TypedValue = number },
                    string text => new NpgsqlParameter<string> { TypedValue = Holdable(text) },
                    byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes },
                    null => new NpgsqlParameter { Value = DBNull.Value },
                    _ => throw new ArgumentException($"No column holds a {value.GetType().Name}.", nameof(values)),
                }
            );
        return command;
    }

    public override void Dispose() => Forget();
}
