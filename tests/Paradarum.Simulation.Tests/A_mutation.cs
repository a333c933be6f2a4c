using Paradarum.SimulationTests.Runs;

namespace Paradarum.SimulationTests;

/// <summary>What the checker would say if the code were wrong: each way of being wrong is found.</summary>
public sealed class A_mutation(ITestOutputHelper output)
{
    private const ulong Schedules = 10_000;

    /// <summary>All but the one that takes nearly as many: A_named_seed replays the schedule that found it, with the bug put back.</summary>
    public static TheoryData<string> All =>
        [.. Enum.GetNames<Mutation>().Where(name => name is not (nameof(Mutation.None) or nameof(Mutation.ReopenedWithAnOldView)))];

    [Theory]
    [MemberData(nameof(All))]
    public void Is_found_within_10_000_schedules(string name)
    {
        var tally = Runner.Run(1, Schedules, mutation: Enum.Parse<Mutation>(name), enough: 1);
        tally.Broken.ShouldNotBeEmpty();
        var (seed, what) = tally.Broken.MinBy(broken => broken.Seed);
        Report.Say(output, $"Mutation {name}: schedule {seed}: {what}");
    }
}
