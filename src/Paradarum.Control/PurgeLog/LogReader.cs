using Microsoft.Data.Sqlite;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>Reads records that are no longer in memory, over a read-only connection of its own. Safe from any thread; one reads at a time.</summary>
internal sealed class LogReader : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly Statements _statements;

    public LogReader(string file)
    {
        _connection = Open(file);
        _statements = new Statements(_connection);
    }

    public static SqliteConnection Open(string file)
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

    /// <summary>Records after <paramref name="after"/> up to <paramref name="through"/>, in order; at least one when there is one.</summary>
    public List<LogRecord> Read(ulong after, ulong through, int mostRecords, int mostBytes)
    {
        lock (_gate)
        {
            var bytes = 0L;
            var records = new List<LogRecord>();
            // The statement is read row by row, so that a byte bound does not pull the whole page of records into memory first.
            using var command = _connection.CreateCommand();
            command.CommandText =
                "SELECT position, hash, payload FROM log_records WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3";
            command.Parameters.AddWithValue("$1", (long)after);
            command.Parameters.AddWithValue("$2", (long)through);
            command.Parameters.AddWithValue("$3", mostRecords);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                var record = Record(reader);
                bytes += record.Payload.Length;
                if (records.Count > 0 && bytes > mostBytes)
                    break;
                records.Add(record);
            }
            return records;
        }
    }

    public byte[]? HashAt(ulong position)
    {
        lock (_gate)
        {
            return _statements
                .Query("SELECT hash FROM log_records WHERE position = $1", row => row.GetFieldValue<byte[]>(0), (long)position)
                .SingleOrDefault();
        }
    }

    /// <summary>A row of position, hash, payload.</summary>
    public static LogRecord Record(SqliteDataReader row) =>
        new((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2));

    public void Dispose()
    {
        lock (_gate)
        {
            _statements.Dispose();
            _connection.Dispose();
        }
    }
}
