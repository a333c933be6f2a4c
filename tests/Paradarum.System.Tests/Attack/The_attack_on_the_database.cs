using System.Globalization;
using Paradarum.SystemTests.Hostile;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// PostgreSQL with a standby that commits wait for, three control planes, two shields, four PoPs: killed, stopped, cut off and failed over while clients purge through all control planes
/// and visitors read. 30 s here; <c>eng/attack --database 5m</c> for longer.
/// Alone: how long a takeover takes is how long programs take to start, which others on the same processors make several times as long as the attack.
/// </summary>
[Collection(nameof(Alone))]
public sealed class The_attack_on_the_database
{
    /// <summary>Fewer kinds of fault are no attack.</summary>
    private const int Kinds = 4;

    [Fact]
    public async Task Loses_no_purge_and_gets_nothing_stale_after_complete()
    {
        var length = TimeSpan.FromSeconds(AttackSettings.Seconds ?? 30);
        var seed = AttackSettings.Seed ?? Random.Shared.Next(1, 1_000_000);
        var ledger = new AttackLedger();
        await using var fleet = await DatabaseFleet.StartAsync();
        var faults = new DatabaseFaults(fleet, ledger, new Random(seed), TimeProvider.System);
        var took = await new FleetUnderAttack(fleet, ledger, faults, seed, TimeProvider.System).RunAsync(length, Kinds);

        var again = faults.AcceptedAgain;
        var report = AttackReport.Of(
            "PostgreSQL with a synchronous standby and three control planes, on loopback",
            [],
            ledger,
            faults,
            again.Count == 0
                ? []
                :
                [
                    ("longest time to accept after a promotion", Seconds(again[^1])),
                    ("the same at the median", Seconds(again[again.Count / 2])),
                ],
            fleet.Errors,
            took,
            seed
        );
        await AttackReport.JudgeAsync(report, ledger, "attack-database.txt");
        again.ShouldNotBeEmpty(report);
        faults.Injected.Count.ShouldBeGreaterThanOrEqualTo(Kinds, report);
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}
