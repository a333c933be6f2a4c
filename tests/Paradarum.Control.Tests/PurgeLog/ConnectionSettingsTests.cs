using Npgsql;
using Paradarum.Control.PurgeLog.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>What is added to an operator's connection string (docs/operating/postgresql.md).</summary>
public sealed class The_settings_of_a_connection
{
    [Fact]
    public void Are_ours_where_the_operator_has_said_nothing()
    {
        var settings = Settings("Host=one,two;Database=paradarum");
        settings.ApplicationName.ShouldBe("Paradarum writer");
        settings.Timeout.ShouldBe(3);
        settings.CommandTimeout.ShouldBe(10);
        settings.TargetSessionAttributes.ShouldBe("primary");
        settings.HostRecheckSeconds.ShouldBe(0);
        settings.MaxAutoPrepare.ShouldBe(64);
        settings.AutoPrepareMinUsages.ShouldBe(2);
        // Of one host it is asked, and said in a sentence, whether it is the primary.
        Settings("Host=one").TargetSessionAttributes.ShouldBeNull();
    }

    [Theory]
    [InlineData("Application Name", "mine")]
    [InlineData("Timeout", "7")]
    [InlineData("Command Timeout", "70")]
    [InlineData("Target Session Attributes", "any")]
    [InlineData("Host Recheck Seconds", "5")]
    [InlineData("Max Auto Prepare", "1")]
    [InlineData("applicationname", "mine")]
    public void Are_the_operators_where_they_are_said(string name, string value) =>
        Settings($"Host=one,two;{name}={value}")[name]!.ToString().ShouldBe(value, StringCompareShould.IgnoreCase);

    private static NpgsqlConnectionStringBuilder Settings(string database) =>
        PostgresEngine.Settings(database, "Paradarum writer", _ => { });
}
