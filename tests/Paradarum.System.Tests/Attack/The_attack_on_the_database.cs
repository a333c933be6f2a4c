using System.Globalization;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// PostgreSQL with a standby that commits wait for, three control planes, two shields, four PoPs: killed, stopped, cut off and failed over while clients purge through all control planes
/// and visitors read. 30 s here; <c>eng/attack --database 5m</c> for longer.
/// </summary>
public sealed class The_attack_on_the_database
{
    [Fact]
    public async Task Loses_no_purge_and_gets_nothing_stale_after_complete()
    {
        var length = TimeSpan.FromSeconds(AttackSettings.Seconds ?? 30);
        var seed = AttackSettings.Seed ?? Random.Shared.Next(1, 1_000_000);
        var ledger = new AttackLedger();
        await using var fleet = await DatabaseFleet.StartAsync();
        var faults = new DatabaseFaults(fleet, ledger, new Random(seed), TimeProvider.System);
        await new FleetUnderAttack(fleet, ledger, faults, seed, TimeProvider.System).RunAsync(length);

        var again = string.Create(CultureInfo.InvariantCulture, $"{faults.LongestToAcceptAgain.TotalSeconds:0.00} s");
        var report = AttackReport.Of(
            "PostgreSQL with a synchronous standby and three control planes, on loopback",
            [],
            ledger,
            faults,
            [("longest time to accept after a promotion", again)],
            fleet.Errors,
            length,
            seed
        );
        await AttackReport.JudgeAsync(report, ledger, "attack-database.txt");
        faults.Injected.Count.ShouldBeGreaterThan(3, report);
    }
}
