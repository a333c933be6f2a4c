using System.Data.Common;
using Microsoft.Extensions.Logging;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Control.PurgeLog.Sqlite;

namespace Paradarum.Control.PurgeLog;

/// <summary>The database under the log and everything else that is durable: a file (SQLite) or a server (PostgreSQL). Opens connections, decides nothing.</summary>
internal abstract class LogEngine : IDisposable
{
    public static LogEngine Of(LogOptions options, DataFolder folder, ILogger log) =>
        options.Database is null ? new SqliteEngine(folder, options, log) : new PostgresEngine(options);

    /// <summary>The writer's session: it alone writes, as long as it lives.</summary>
    /// <exception cref="LogCannotStartException">It cannot be opened, is another's, or does not promise durability; the message is for the operator.</exception>
    public abstract LogDatabase Open(IReadOnlyList<SchemaPart> parts);

    /// <summary>
    /// Whether another process may take the writer's place while this one lives. Then nothing may be granted on the word of memory alone (<see cref="LogWriter.ConfirmAsync"/>).
    /// </summary>
    public abstract bool CanBeSuperseded { get; }

    /// <summary>A connection of its own to what is durable; the caller disposes it, soon.</summary>
    /// <exception cref="DbException">The database cannot be reached.</exception>
    public abstract DbConnection OpenReader();

    public abstract void Dispose();
}
