using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;

namespace Paradarum.Control.PurgeLog;

/// <summary>Connections that read what is durable, kept for the next who reads. As many as read at one moment; few are kept. Safe from any thread.</summary>
internal sealed class LogReaders(LogEngine engine) : IDisposable
{
    private const int MostKept = 8;

    private readonly ConcurrentBag<DbConnection> _kept = [];
    private volatile bool _disposed;

    /// <summary>The read must be short: on SQLite an open statement holds back the checkpoint.</summary>
    /// <exception cref="DbException">The database cannot be read now.</exception>
    public T Read<T>(Func<DbConnection, T> read)
    {
        while (_kept.TryTake(out var kept))
        {
            try
            {
                return Read(kept, read);
            }
            catch (DbException) when (kept.State != ConnectionState.Open)
            {
                // The server closed it meanwhile, as at its restart: the others of that time are tried, then a new one.
            }
        }
        return Read(engine.OpenReader(), read);
    }

    private T Read<T>(DbConnection connection, Func<DbConnection, T> read)
    {
        try
        {
            return read(connection);
        }
        finally
        {
            if (_kept.Count < MostKept && connection.State == ConnectionState.Open && !_disposed)
                _kept.Add(connection);
            else
                connection.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        while (_kept.TryTake(out var connection))
            connection.Dispose();
    }
}
