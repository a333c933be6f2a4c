using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Paradarum.Control.PurgeLog.Sqlite;

/// <inheritdoc/>
/// <remarks>
/// What is only executed goes to SQLite directly: a <see cref="SqliteCommand"/> looks up each parameter by its name, makes a reader and reads the clock each time, which
/// together cost several times what SQLite takes for an insert (docs/decisions/cost-of-a-purge.md).
/// </remarks>
internal sealed class SqliteStatements(SqliteConnection connection) : Statements
{
    private readonly Dictionary<string, SqliteCommand> _queries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Prepared> _statements = new(StringComparer.Ordinal);

    public override void Execute(string sql, params ReadOnlySpan<object?> values)
    {
        var (statement, places) = Prepare(sql, values.Length);
        try
        {
            for (var i = 0; i < places.Length; i++)
                Check(Bind(statement, places[i], values[i]));
            int code;
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW) { }
            if (code != raw.SQLITE_DONE)
                Check(code);
        }
        finally
        {
            // It says again what the step said; what was bound is bound anew by the next call, which binds every parameter.
            _ = raw.sqlite3_reset(statement);
        }
    }

    public override List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        var rows = new List<T>();
        using var reader = Command(sql, values).ExecuteReader();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private Prepared Prepare(string sql, int values)
    {
        if (_statements.TryGetValue(sql, out var prepared))
            return prepared;
        Check(raw.sqlite3_prepare_v2(connection.Handle, sql, out var statement, out var rest));
        if (!string.IsNullOrWhiteSpace(rest))
        {
            statement.Dispose();
            throw new ArgumentException("One statement at a time.", nameof(sql));
        }
        // To SQLite "$2" is a name, and the first that stands in the text has place 1 whatever it is called.
        var places = new int[values];
        for (var i = 0; i < values; i++)
            places[i] = raw.sqlite3_bind_parameter_index(statement, string.Create(CultureInfo.InvariantCulture, $"${i + 1}"));
        if (places.Contains(0) || raw.sqlite3_bind_parameter_count(statement) != values)
        {
            statement.Dispose();
            throw new ArgumentException($"The statement does not take {values} values.", nameof(sql));
        }
        prepared = new Prepared(statement, places);
        _statements.Add(sql, prepared);
        return prepared;
    }

    private static int Bind(sqlite3_stmt statement, int index, object? value) =>
        value switch
        {
            null => raw.sqlite3_bind_null(statement, index),
            long number => raw.sqlite3_bind_int64(statement, index, number),
            int number => raw.sqlite3_bind_int64(statement, index, number),
            string text => raw.sqlite3_bind_text(statement, index, text),
            byte[] bytes => raw.sqlite3_bind_blob(statement, index, bytes),
            _ => throw new ArgumentException($"No column holds a {value.GetType().Name}.", nameof(value)),
        };

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, connection.Handle);

    private SqliteCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        if (!_queries.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i + 1}") });
            _queries.Add(sql, command);
        }
        command.Transaction = (SqliteTransaction?)Transaction;
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    public override void Dispose()
    {
        foreach (var command in _queries.Values)
            command.Dispose();
        _queries.Clear();
        foreach (var prepared in _statements.Values)
            prepared.Statement.Dispose();
        _statements.Clear();
    }

    /// <param name="Statement">Kept until the connection is closed.</param>
    /// <param name="Places">Where <c>$1</c> and so on are bound.</param>
    private readonly record struct Prepared(sqlite3_stmt Statement, int[] Places);
}
