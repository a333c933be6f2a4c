using System.Data.Common;

namespace Paradarum.Control.PurgeLog.Postgres;

/// <summary>Who has the log, and where others of the installation reach it: what the control plane that works says of itself in the database.</summary>
/// <param name="Api">Of the REST API and the panel.</param>
/// <param name="Fleet">Of the port for nodes.</param>
/// <param name="Key">Known to who can read the database, and to nobody else; another one with each start.</param>
internal sealed record LogHolder(Uri Api, Uri Fleet, string Key)
{
    private const string ApiName = "holder_api";
    private const string FleetName = "holder_fleet";
    private const string KeyName = "holder_key";

    private const string Forget = $"DELETE FROM log_meta WHERE name IN ('{ApiName}', '{FleetName}', '{KeyName}')";

    /// <summary>Says it, in place of whoever held the log before; null: that nobody can be reached.</summary>
    public static void Announce(LogWrite write, LogHolder? holder)
    {
        write.Execute(Forget);
        if (holder is null)
            return;
        write.Execute(
            $"INSERT INTO log_meta (name, value) VALUES ('{ApiName}', $1), ('{FleetName}', $2), ('{KeyName}', $3)",
            holder.Api.GetLeftPart(UriPartial.Authority),
            holder.Fleet.GetLeftPart(UriPartial.Authority),
            holder.Key
        );
        write.Execute($"NOTIFY {PostgresLogDatabase.Channel}");
    }

    /// <summary>Null while nobody has said anything.</summary>
    public static LogHolder? Read(DbConnection connection)
    {
        var said = connection
            .Rows(
                $"SELECT name, value FROM log_meta WHERE name IN ('{ApiName}', '{FleetName}', '{KeyName}')",
                row => (Name: row.GetString(0), Value: row.GetString(1))
            )
            .ToDictionary(row => row.Name, row => row.Value, StringComparer.Ordinal);
        return
            said.TryGetValue(ApiName, out var api) && said.TryGetValue(FleetName, out var fleet) && said.TryGetValue(KeyName, out var key)
            ? new LogHolder(new Uri(api), new Uri(fleet), key)
            : null;
    }
}
