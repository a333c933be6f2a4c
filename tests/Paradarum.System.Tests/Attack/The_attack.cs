using System.Globalization;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// Issue text "The attack", point 2: real processes, killed, stopped, cut off and out of disk, while clients purge and visitors read. 30 s here; <c>eng/attack 5m</c> for longer.
/// </summary>
public sealed class The_attack
{
    private const string LengthVariable = "PARADARUM_ATTACK_SECONDS";
    private const string SeedVariable = "PARADARUM_ATTACK_SEED";

    /// <summary>Beside the tests: printed by whoever ran them.</summary>
    private static readonly string ReportFile = Path.Combine(AppContext.BaseDirectory, "attack.txt");

    [Fact]
    public async Task Loses_no_purge_and_gets_nothing_stale_after_complete()
    {
        var length = TimeSpan.FromSeconds(Number(LengthVariable) ?? 30);
        var seed = Number(SeedVariable) ?? Random.Shared.Next(1, 1_000_000);
        var ledger = new AttackLedger();
        await using var fleet = await AttackFleet.StartAsync();
        var attack = new FleetUnderAttack(fleet, ledger, seed, TimeProvider.System);
        await attack.RunAsync(length);

        var report = AttackReport.Of(fleet, ledger, attack.Faults, length, seed);
        await File.WriteAllTextAsync(ReportFile, report);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        ledger.Stale.ShouldBeEmpty(report);
        ledger.Open.ShouldBeEmpty(report);
        // That there was something to lose and something to be stale.
        ledger.Completed.ShouldBeGreaterThan(50, report);
        ledger.Hits.ShouldBeGreaterThan(50, report);
        attack.Faults.Injected.Count.ShouldBeGreaterThan(4, report);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
