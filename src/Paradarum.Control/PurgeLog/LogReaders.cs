using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Paradarum.Control.PurgeLog;

/// <summary>Read-only connections to what is durable, kept for the next who reads. As many as read at one moment; few are kept. Safe from any thread.</summary>
internal sealed class LogReaders(LogWriter writer) : IDisposable
{
    private const int MostKept = 8;

    private readonly ConcurrentBag<SqliteConnection> _kept = [];

    /// <summary>The read must be short: an open statement holds back the checkpoint.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        if (!_kept.TryTake(out var connection))
            connection = writer.OpenReader();
        try
        {
            return read(connection);
        }
        finally
        {
            if (_kept.Count < MostKept)
                _kept.Add(connection);
            else
                connection.Dispose();
        }
    }

    public void Dispose()
    {
        while (_kept.TryTake(out var connection))
            connection.Dispose();
    }
}
