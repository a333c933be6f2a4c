using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests;

/// <summary>
/// Schedules that once broke a promise, shrunk to what it took, and replayed on every run. Each names the mutation that puts the bug back: when the generator changes, a
/// seed means another schedule, and the second test says so.
/// </summary>
public sealed class A_named_seed
{
    private static readonly NamedSeed[] Known =
    [
        new(
            "A fetch whose first upstream kept silent asks the next one nothing about what was purged meanwhile",
            199,
            [4, 10, 11, 12, 15, 16, 20, 31],
            nameof(Mutation.ConditionKeptForTheNextUpstream)
        ),
        new(
            "Nor does a node that was stopped for longer than its patience",
            542,
            [2, 17, 25, 26, 27, 28],
            nameof(Mutation.ConditionKeptForTheNextUpstream)
        ),
        new(
            "A control plane that comes back when another one has worked and gone says nothing of what it remembers",
            9450,
            [9, 20, 21, 50, 51, 56],
            nameof(Mutation.ReopenedWithAnOldView)
        ),
    ];

    public static TheoryData<string> All => [.. Known.Select(known => known.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public void Breaks_nothing_any_more(string name) => Broken(name, mutated: false).ShouldBeNull();

    [Theory]
    [MemberData(nameof(All))]
    public void Still_shows_the_bug_when_it_is_put_back(string name) => Broken(name, mutated: true).ShouldNotBeNull();

    private static string? Broken(string name, bool mutated)
    {
        var known = Known.Single(known => known.Name == name);
        var mutation = mutated ? Enum.Parse<Mutation>(known.Bug) : Mutation.None;
        return new Simulation(Schedule.Of(known.Seed, known.Kept), mutation).Run().History.Broken;
    }

    private sealed record NamedSeed(string Name, ulong Seed, int[] Kept, string Bug);
}
