using System.Net.Sockets;
using Npgsql;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>Opens sessions, so that every way in which a server cannot be reached is one kind of exception.</summary>
internal static class PostgresConnections
{
    /// <exception cref="NpgsqlException">The server cannot be reached, or does not let the session in; also for a connection that is reset just when it is made, which Npgsql lets through as it comes.</exception>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public static void Reach(this NpgsqlConnection connection)
    {
        try
        {
            connection.Open();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new NpgsqlException(e.Message, e);
        }
    }

    /// <inheritdoc cref="Reach"/>
    public static async Task ReachAsync(this NpgsqlConnection connection, CancellationToken stop)
    {
        try
        {
            await connection.OpenAsync(stop);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new NpgsqlException(e.Message, e);
        }
    }
}
