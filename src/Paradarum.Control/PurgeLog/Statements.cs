using System.Data.Common;

namespace Paradarum.Control.PurgeLog;

/// <summary>Prepared statements of the writer's connection. Values are positional, <c>$1</c> upwards: long, int, string, byte[] or null. For one thread.</summary>
internal abstract class Statements : IDisposable
{
    /// <summary>
    /// Runs a statement no later than the next query, savepoint or commit of the same connection. One that fails does so there at the latest: with the work that said it when
    /// the work has a savepoint, with its group otherwise.
    /// </summary>
    /// <exception cref="DbException">With the database's own sentence.</exception>
    public abstract void Execute(string sql, params ReadOnlySpan<object?> values);

    /// <summary>Reads rows, what was executed before included.</summary>
    public abstract List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values);

    /// <summary>What was executed has run when it returns.</summary>
    public virtual void Flush() { }

    /// <summary>What was executed and has not run yet never does.</summary>
    public virtual void Forget() { }

    /// <summary>The transaction in which all of them run from now on.</summary>
    public virtual DbTransaction? Transaction { get; set; }

    public abstract void Dispose();
}
