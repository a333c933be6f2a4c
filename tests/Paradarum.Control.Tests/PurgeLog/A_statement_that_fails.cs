using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Paradarum.Control.PurgeLog;
using Paradarum.Testing.Postgres;

namespace Paradarum.Control.Tests.PurgeLog;

/// <summary>Its caller is to know whether the same may succeed in a moment: nobody ends a part that runs for the life of the process because the database was short of something.</summary>
public sealed class A_statement_that_fails
{
    [Theory]
    [InlineData(5, PostgresErrorCodes.LockNotAvailable)] // busy
    [InlineData(13, PostgresErrorCodes.DiskFull)]
    [InlineData(10, PostgresErrorCodes.QueryCanceled)] // input or output; cancelled
    [InlineData(9, PostgresErrorCodes.DeadlockDetected)] // interrupted; deadlock
    public async Task For_reasons_of_the_database_is_an_outage(int sqlite, string postgres)
    {
        await using var log = TestLog.Open();
        var cause = Thrown(sqlite, postgres);

        var alone = await Should.ThrowAsync<LogUnavailableException>(WriteAsync(log, () => throw cause));
        var inside = await Should.ThrowAsync<LogUnavailableException>(
            WriteAsync(log, () => throw new InvalidOperationException("EF", cause))
        );

        alone.InnerException.ShouldBeSameAs(cause);
        inside.InnerException!.InnerException.ShouldBeSameAs(cause);
        (await log.Append()).Position.ShouldBe(1UL, "the next one is not concerned");
    }

    [Theory]
    [InlineData(19, PostgresErrorCodes.UniqueViolation)]
    [InlineData(1, PostgresErrorCodes.SyntaxError)]
    public async Task For_what_it_says_is_thrown_as_it_is(int sqlite, string postgres)
    {
        await using var log = TestLog.Open();
        var cause = Thrown(sqlite, postgres);

        (await Should.ThrowAsync<DbException>(WriteAsync(log, () => throw cause))).ShouldBeSameAs(cause);
    }

    private static Task<bool> WriteAsync(TestLog log, Func<bool> work) =>
        log.Writer.WriteAsync(_ => work(), TestContext.Current.CancellationToken);

    private static DbException Thrown(int sqlite, string postgres) =>
        TestDatabases.ArePostgres ? new PostgresException("no", "ERROR", "ERROR", postgres) : new SqliteException("no", sqlite);
}
