using System.Runtime.InteropServices;
using Paradarum.SystemTests.Processes;

namespace Paradarum.SystemTests.Attack;

/// <summary>Breaks one thing after the other, for a while each, by a seed. Everything is whole again when it ends.</summary>
internal sealed partial class AttackFaults(AttackFleet fleet, Random dice, TimeProvider time) : IFaults
{
    private readonly SortedDictionary<string, int> _injected = new(StringComparer.Ordinal);

    /// <summary>How often each kind was injected.</summary>
    public IReadOnlyDictionary<string, int> Injected => _injected;

    public async Task RunUntilAsync(CancellationToken over)
    {
        (string Name, int Weight, Func<CancellationToken, Task<bool>> Inject)[] kinds =
        [
            ("SIGKILL of a node", 3, KillNodeAsync),
            ("SIGSTOP of a node", 3, token => PauseAsync(fleet[Any(AttackFleet.Nodes)].Id, token)),
            ("node cut off from the control plane", 4, token => CutFleetAsync(Any(AttackFleet.Nodes), token)),
            ("node cut off from everybody else", 2, token => CutDataAsync(Any(AttackFleet.Nodes), token)),
            ("SIGKILL of the control plane", 1, KillControlAsync),
            ("SIGSTOP of the control plane", 1, token => PauseAsync(fleet["control"].Id, token)),
            ("control plane cut off from all nodes", 1, token => CutFleetAsync("control", token)),
            ("full disk of the control plane", 2, FillDiskAsync),
            ("SIGSTOP of the origin", 1, token => PauseAsync(fleet.OriginId, token)),
            ("origin cut off", 1, token => CutDataAsync("origin", token)),
        ];
        var bag = kinds.SelectMany(kind => Enumerable.Repeat(kind, kind.Weight)).ToArray();
        while (!over.IsCancellationRequested)
        {
            // Every kind once in each round, in an order of its own: a short attack has them all.
            var round = bag.ToArray();
            dice.Shuffle(round);
            foreach (var kind in round.DistinctBy(kind => kind.Name).Concat(round).Take(bag.Length))
            {
                if (over.IsCancellationRequested)
                    return;
                if (await kind.Inject(over))
                    _injected[kind.Name] = _injected.GetValueOrDefault(kind.Name) + 1;
                await WaitAsync(0.1, 0.6, over);
            }
        }
    }

    private async Task<bool> KillNodeAsync(CancellationToken over)
    {
        var node = Any(AttackFleet.Nodes);
        await fleet[node].KillAsync();
        await WaitAsync(0, 1.5, over);
        fleet.StartNode(node);
        await fleet[node].LineAsync("paradarum edge: listening");
        return true;
    }

    private async Task<bool> KillControlAsync(CancellationToken over)
    {
        await fleet["control"].KillAsync();
        await WaitAsync(0, 1.5, over);
        await fleet.StartControlAsync();
        return true;
    }

    private async Task<bool> PauseAsync(int process, CancellationToken over)
    {
        kill(process, ParadarumProcess.Pause).ShouldBe(0);
        await WaitAsync(over);
        kill(process, ParadarumProcess.Continue).ShouldBe(0);
        return true;
    }

    private async Task<bool> CutFleetAsync(string member, CancellationToken over)
    {
        await fleet.Net.CutFleetAsync(member, cut: true);
        await WaitAsync(over);
        await fleet.Net.CutFleetAsync(member, cut: false);
        return true;
    }

    private async Task<bool> CutDataAsync(string member, CancellationToken over)
    {
        if (!await fleet.Net.CutDataAsync(member, cut: true))
            return false;
        await WaitAsync(over);
        return await fleet.Net.CutDataAsync(member, cut: false);
    }

    private async Task<bool> FillDiskAsync(CancellationToken over)
    {
        if (fleet.NoDisk is not null)
            return false;
        await fleet.FillDiskAsync(full: true);
        await WaitAsync(0.5, 2, over);
        await fleet.FillDiskAsync(full: false);
        return true;
    }

    /// <summary>Half of them are shorter than a lease, a quarter longer than lease and grace.</summary>
    private Task WaitAsync(CancellationToken over) =>
        dice.Next(4) switch
        {
            0 or 1 => WaitAsync(0.2, AttackFleet.Lease.TotalSeconds, over),
            2 => WaitAsync(AttackFleet.Lease.TotalSeconds, (AttackFleet.Lease + AttackFleet.Grace).TotalSeconds, over),
            _ => WaitAsync((AttackFleet.Lease + AttackFleet.Grace).TotalSeconds, 4.5, over),
        };

    /// <summary>Shorter when the attack is over: what is broken is mended all the same.</summary>
    private async Task WaitAsync(double least, double most, CancellationToken over) =>
        await Task.Delay(TimeSpan.FromSeconds(least + (dice.NextDouble() * (most - least))), time, over)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private string Any(string[] members) => members[dice.Next(members.Length)];

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
