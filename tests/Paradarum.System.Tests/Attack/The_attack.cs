namespace Paradarum.SystemTests.Attack;

/// <summary>
/// Issue text "The attack", point 2: real processes, killed, stopped, cut off and out of disk, while clients purge and visitors read. 30 s here; <c>eng/attack 5m</c> for longer.
/// </summary>
public sealed class The_attack
{
    /// <summary>Fewer kinds of fault are no attack.</summary>
    private const int Kinds = 5;

    [Fact]
    public async Task Loses_no_purge_and_gets_nothing_stale_after_complete()
    {
        var length = TimeSpan.FromSeconds(AttackSettings.Seconds ?? 30);
        var seed = AttackSettings.Seed ?? Random.Shared.Next(1, 1_000_000);
        var ledger = new AttackLedger();
        await using var fleet = await AttackFleet.StartAsync();
        var faults = new AttackFaults(fleet, new Random(seed), TimeProvider.System);
        var took = await new FleetUnderAttack(fleet, ledger, faults, seed, TimeProvider.System).RunAsync(length, Kinds);

        var report = AttackReport.Of(
            fleet.Net.Description,
            fleet.NoDisk is { } why ? [why] : [],
            ledger,
            faults,
            [],
            fleet["control"].Errors,
            took,
            seed
        );
        await AttackReport.JudgeAsync(report, ledger, "attack.txt");
        faults.Injected.Count.ShouldBeGreaterThanOrEqualTo(Kinds, report);
    }
}
