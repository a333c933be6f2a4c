using Npgsql;
using Paradarum.Control.PurgeLog.Postgres;
using Paradarum.Testing;

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

/// <summary>What stands between here and a server may reset a connection at any moment.</summary>
public sealed class A_connection_that_is_reset_just_when_it_is_made
{
    [Fact]
    public async Task Is_a_server_out_of_reach_like_any_other()
    {
        await using var link = new CuttableLink(targetPort: 1);
        link.Cut();
        var settings = $"Host=127.0.0.1;Port={link.Port};Username=paradarum;Database=postgres;Pooling=false";
        // Just when: of many, so that some are.
        Parallel.For(
            0,
            4_000,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            _ =>
            {
                using var connection = new NpgsqlConnection(settings);
                Should.Throw<NpgsqlException>(connection.Reach);
            }
        );
    }
}
