using System.Data.Common;
using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>Reads records that are no longer in memory. Safe from any thread.</summary>
internal sealed class LogReader(LogReaders readers)
{
    /// <summary>Records after <paramref name="after"/> up to <paramref name="through"/>, in order; at least one when there is one.</summary>
    public List<LogRecord> Read(ulong after, ulong through, int mostRecords, int mostBytes) =>
        readers.Read(connection =>
        {
            var bytes = 0L;
            var records = new List<LogRecord>();
            // The statement is read row by row, so that a byte bound does not pull the whole page of records into memory first.
            using var command = connection.Command(
                "SELECT position, hash, payload FROM log_records WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
                (long)after,
                (long)through,
                mostRecords
            );
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
        });

    public byte[]? HashAt(ulong position) =>
        readers.Read(connection => connection.Scalar("SELECT hash FROM log_records WHERE position = $1", (long)position)) as byte[];

    /// <summary>A row of position, hash, payload.</summary>
    public static LogRecord Record(DbDataReader row) =>
        new((ulong)row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2));
}
