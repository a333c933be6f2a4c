using System.Globalization;
using Paradarum.SimulationTests.Runs;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests;

/// <summary>
/// G2 to G6 as an outsider can check them, under any order of delay, loss, partition, crash, pause and drift. <c>SIMULATION_FROM</c> names the first seed,
/// <c>SIMULATION_SCHEDULES</c> how many, <c>SIMULATION_MINUTES</c> for how long instead; <c>SIMULATION_MUTATION</c> shows what a mutation looks like.
/// </summary>
public sealed class Any_schedule(ITestOutputHelper output)
{
    private const ulong Schedules = 100_000;
    private const int FewestEvents = 200;

    [Fact]
    public void Leaves_every_promise_kept()
    {
        var from = Setting("SIMULATION_FROM", 1);
        var minutes = Setting("SIMULATION_MINUTES", 0);
        TimeSpan? within = minutes == 0 ? null : TimeSpan.FromMinutes(minutes);
        var mutation = Enum.Parse<Mutation>(Environment.GetEnvironmentVariable("SIMULATION_MUTATION") ?? nameof(Mutation.None));
        var tally = Runner.Run(from, Setting("SIMULATION_SCHEDULES", Schedules), within, mutation);

        Report.Say(output, $"Simulation: {tally}");
        foreach (var (seed, _) in tally.Broken)
            Report.Say(output, Shrinker.Report(seed, mutation));
        tally.Broken.ShouldBeEmpty();
        tally.FewestEvents.ShouldBeGreaterThanOrEqualTo(FewestEvents);
        tally.Poor.ShouldBe(0);
        // A fleet that never gets anything done would keep every promise.
        tally.Complete.ShouldBeGreaterThan(tally.Purges * 8 / 10);
        tally.Judged.ShouldBeGreaterThan(tally.Runs * 10);
    }

    private static ulong Setting(string name, ulong usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : usual;
}

public sealed class A_seed
{
    [Fact]
    public void Gives_the_same_run_each_time()
    {
        for (var seed = 1UL; seed <= 60; seed++)
        {
            var (first, second) = (Traced(seed), Traced(seed));
            second.Digest.ShouldBe(first.Digest);
            second.Trace.ShouldBe(first.Trace);
        }
    }

    [Fact]
    public void Gives_another_run_than_the_next_one() =>
        Enumerable.Range(1, 200).Select(seed => Traced((ulong)seed).Digest).Distinct().Count().ShouldBe(200);

    private static Truth.History Traced(ulong seed) => new Simulation(Schedule.Of(seed), traces: true).Run().History;
}

/// <summary>A schedule that breaks a promise is made as small as it can be, so that a reader sees what it takes.</summary>
public sealed class A_failing_schedule
{
    [Fact]
    public void Shrinks_to_what_it_takes_and_still_fails()
    {
        var seed = Runner.Run(1, 1000, mutation: Mutation.StaleIfErrorAfterGrace, enough: 1).Broken.First().Seed;
        var whole = Schedule.Of(seed).Incidents.Count;
        var (kept, what) = Shrinker.Shrink(seed, Mutation.StaleIfErrorAfterGrace);
        kept.Count.ShouldBeLessThan(whole / 4);
        new Simulation(Schedule.Of(seed, kept), Mutation.StaleIfErrorAfterGrace).Run().History.Broken.ShouldBe(what);
        Shrinker.Report(seed, Mutation.StaleIfErrorAfterGrace).ShouldContain("OriginDown");
        // Nothing but the mutation broke it.
        new Simulation(Schedule.Of(seed, kept))
            .Run()
            .History.Broken.ShouldBeNull();
    }
}
