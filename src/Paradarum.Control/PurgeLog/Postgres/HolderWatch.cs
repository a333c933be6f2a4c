using Npgsql;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>What a control plane that stands by sees in the database.</summary>
/// <param name="Holder">Who works; null while nobody has said so.</param>
/// <param name="HasStandby">Whether commits wait for a standby.</param>
internal sealed record LogSight(LogHolder? Holder, bool HasStandby);

/// <summary>Looks who has the log, over a connection of its own, and takes nothing.</summary>
internal static class HolderWatch
{
    /// <summary>What its session is called in <c>pg_stat_activity</c>.</summary>
    public const string SessionName = "Paradarum stand-by";

    /// <summary>
    /// Returns when a writer could start: the server can be reached, is a primary, and nobody holds the lock. Somebody else may be faster. Looks at once when the one that writes says something,
    /// and every so often when it does not: a notification may be lost.
    /// </summary>
    /// <param name="database">Connection string.</param>
    /// <param name="lookEvery">When nothing is heard.</param>
    /// <param name="seen">Is told at every look.</param>
    /// <param name="time">Of the rest between attempts to connect.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task UntilFreeAsync(
        string database,
        TimeSpan lookEvery,
        Action<LogSight> seen,
        TimeProvider time,
        CancellationToken stop
    )
    {
        var settings = PostgresEngine.Settings(database, SessionName, builder => builder.Pooling = false).ConnectionString;
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(settings);
                await connection.ReachAsync(stop);
                await using var listen = new NpgsqlCommand($"LISTEN {PostgresLogDatabase.Channel}", connection);
                await listen.ExecuteNonQueryAsync(stop);
                while (await LookAsync(connection, stop) is { } sight)
                {
                    seen(sight);
                    await connection.WaitAsync(lookEvery, stop);
                }
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // Whoever worked when it was last seen is asked on: only they know whether they still do.
                await Task.Delay(lookEvery, time, stop);
            }
        }
    }

    /// <summary>Null when the log is free.</summary>
    private static async Task<LogSight?> LookAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(PostgresLogDatabase.IsFree, connection);
        bool hasStandby;
        await using (var row = await command.ExecuteReaderAsync(stop))
        {
            await row.ReadAsync(stop);
            if (row.GetBoolean(0))
                return null;
            hasStandby = row.GetBoolean(1);
        }
        return new LogSight(LogHolder.Read(connection), hasStandby);
    }
}
