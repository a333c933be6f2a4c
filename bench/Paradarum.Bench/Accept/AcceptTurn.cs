using System.Globalization;
using Paradarum.Bench.Load;

namespace Paradarum.Bench.Accept;

/// <summary>One turn: what clients saw, and what it cost every process.</summary>
internal sealed record AcceptTurn(LoadFigures Figures, ProcessCosts Costs)
{
    public static async Task<AcceptTurn> MeasureAsync(
        HttpLoad load,
        int connections,
        TimeSpan duration,
        ProcessFleetBed bed,
        EmptyPeer peer
    )
    {
        var before = ProcessCosts.Of(bed, peer);
        var figures = await load.MeasureAsync(connections, duration);
        return new AcceptTurn(figures, ProcessCosts.Of(bed, peer) - before);
    }

    /// <summary>A row of the report: microseconds for one request.</summary>
    public static string CostRow(string what, IReadOnlyList<AcceptTurn> turns)
    {
        var requests = turns.Sum(turn => (double)turn.Figures.Times.Length);
        string Each(Func<ProcessCosts, TimeSpan> of) =>
            (turns.Sum(turn => of(turn.Costs).TotalMicroseconds) / requests).ToString("0.0", CultureInfo.InvariantCulture);
        return $"| {what} | {Each(of => of.Clients)} | {Each(of => of.Peer)} | {Each(of => of.Control)} | {Each(of => of.Shields)} | {Each(of => of.Pops)} | {Each(of => of.All)} |";
    }
}

/// <summary>Processor time, user and system, of all that takes part.</summary>
internal readonly record struct ProcessCosts(TimeSpan Clients, TimeSpan Peer, TimeSpan Control, TimeSpan Shields, TimeSpan Pops)
{
    public TimeSpan All => Clients + Peer + Control + Shields + Pops;

    public static ProcessCosts Of(ProcessFleetBed bed, EmptyPeer peer)
    {
        var (control, shields, pops) = bed.ProcessorTimes();
        return new ProcessCosts(
            ProcessFacts.ProcessorTime(Environment.ProcessId),
            ProcessFacts.ProcessorTime(peer.Id),
            control,
            shields,
            pops
        );
    }

    public static ProcessCosts operator -(ProcessCosts after, ProcessCosts before) =>
        new(
            after.Clients - before.Clients,
            after.Peer - before.Peer,
            after.Control - before.Control,
            after.Shields - before.Shields,
            after.Pops - before.Pops
        );
}
