namespace Paradarum.Control.Panel.Purging;

/// <summary>One node in the picture of a purge.</summary>
/// <param name="Tone">good: applied; busy: it is its turn; bad: fenced; empty: its turn has not come.</param>
/// <param name="Line">What is said under its name.</param>
public sealed record TravelNode(string Name, bool IsShield, string Tone, string Line);

/// <summary>Where a node stands, in the picture's own units.</summary>
public sealed record TravelPlace(TravelNode Node, double X, double Y);

/// <summary>Places origin, shields and PoPs: from left to right where there is room, else from top to bottom.</summary>
public sealed class TravelPlan
{
    private const int Comfortable = 7;

    private TravelPlan(
        double width,
        double height,
        (double X, double Y) origin,
        IReadOnlyList<TravelPlace> shields,
        IReadOnlyList<TravelPlace> pops
    ) => (Width, Height, Origin, Shields, Pops) = (width, height, origin, shields, pops);

    public double Width { get; }

    public double Height { get; }

    public (double X, double Y) Origin { get; }

    public IReadOnlyList<TravelPlace> Shields { get; }

    public IReadOnlyList<TravelPlace> Pops { get; }

    /// <summary>Origin on the left, a column of shields, a column of PoPs.</summary>
    public static TravelPlan Wide(IReadOnlyList<TravelNode> nodes)
    {
        var (shields, pops) = Split(nodes);
        // A shield has its words below it, a PoP beside it.
        var (shieldStep, popStep) = (98.0, pops.Count <= Comfortable ? 72.0 : 52.0);
        var room = Math.Max(Math.Max(shields.Count * shieldStep, pops.Count * popStep), 110);
        var middle = 36 + (room / 2);
        return new TravelPlan(900, room + 56, (80, middle), Column(shields, 370, shieldStep), Column(pops, 660, popStep));

        List<TravelPlace> Column(List<TravelNode> column, double x, double step) =>
            [.. column.Select((node, place) => new TravelPlace(node, x, middle + ((place - ((column.Count - 1) / 2.0)) * step)))];
    }

    /// <summary>One below the other, the tiers set in.</summary>
    public static TravelPlan Tall(IReadOnlyList<TravelNode> nodes)
    {
        const double step = 58;
        var (shields, pops) = Split(nodes);
        var y = 42.0;
        var below = new List<TravelPlace>();
        foreach (var shield in shields)
            below.Add(new TravelPlace(shield, 84, y += step));
        var last = new List<TravelPlace>();
        foreach (var pop in pops)
            last.Add(new TravelPlace(pop, 138, y += step));
        return new TravelPlan(360, y + 40, (30, 42), below, last);
    }

    private static (List<TravelNode> Shields, List<TravelNode> Pops) Split(IReadOnlyList<TravelNode> nodes) =>
        ([.. nodes.Where(node => node.IsShield)], [.. nodes.Where(node => !node.IsShield)]);
}
