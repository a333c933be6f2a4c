using Paradarum.Control.PurgeLog.Postgres;

namespace Paradarum.Options;

/// <summary>Where everything durable lies, when that is not a file of the data folder.</summary>
internal static class DatabaseSetting
{
    public const string Name = "database";

    public const string HelpName = "\"Host=...\"";

    public const string Description =
        "Connection string of PostgreSQL 15 or later, instead of SQLite; several hosts with commas between them. Others on the machine can read flags: keep the password in ~/.pgpass (Passfile=) or set the variable.";

    public static readonly SettingKind<string> Kind = new(
        (string text, out string value) => PostgresEngine.Problem(value = text.Trim()) is null,
        "a connection string. Write it as \"Host=db.example.net;Database=paradarum;Username=paradarum\""
    );

    public static readonly Setting<string> Database = new(Name, HelpName, Description, Kind) { IsSecret = true };
}
