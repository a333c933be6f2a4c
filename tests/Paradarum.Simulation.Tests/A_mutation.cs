using Paradarum.SimulationTests.Runs;

namespace Paradarum.SimulationTests;

/// <summary>What the checker would say if the code were wrong: each way of being wrong is found.</summary>
public sealed class A_mutation(ITestOutputHelper output)
{
    private const ulong Schedules = 10_000;

    public static TheoryData<string> All => [.. Enum.GetNames<Mutation>().Where(name => name != nameof(Mutation.None))];

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
