using System.Globalization;

namespace Paradarum.SimulationTests.World;

/// <summary>What may happen to a fleet.</summary>
internal enum IncidentKind
{
    Visit,
    Purge,
    CutFromControl,
    CutFromShields,
    CutFromOrigin,
    Crash,
    CrashKeepingStore,
    Pause,
    Slow,
    LateStream,
    StartElsewhere,
    CrashOfControl,
    RestoreOfControl,
    OriginDown,
    HostMove,
    WallClockJump,
    Duplicates,
    Deletion,
    Stop,

    // Of control planes on a database.
    CutFromDatabase,
    PauseOfControl,
    SessionEnded,
    Promotion,
}

/// <summary>One thing that happens. Times are true time in ticks.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When it begins.</param>
/// <param name="For">How long it lasts; faults only.</param>
/// <param name="Nodes">Bits of the nodes it concerns; the PoP that is visited.</param>
/// <param name="Page">The page that is visited or purged.</param>
/// <param name="Detail">Seeds what the kind leaves open.</param>
internal sealed record Incident(IncidentKind Kind, long At, long For, int Nodes, int Page, ulong Detail)
{
    public bool IsFault => Kind is not (IncidentKind.Visit or IncidentKind.Purge);

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{At / (double)Time.Second, 7:F3}s {Kind}{(For > 0 ? $" for {For / (double)Time.Second:F3}s" : "")}{(Nodes == 0 ? "" : " nodes " + Names(Nodes))} page {Page}"
        );

    private static string Names(int nodes) =>
        string.Join(',', Enumerable.Range(0, Place.Nodes).Where(node => (nodes & (1 << node)) != 0).Select(Topology.NameOf));
}

/// <summary>What holds for a whole run. A lease lasts one second of true time in every run; everything else scales.</summary>
/// <param name="Latency">Of a message, usually.</param>
/// <param name="Late">How often a message between nodes and the origin is late.</param>
/// <param name="Latest">By how much at most.</param>
/// <param name="Patience">How long a request waits for a head that does not come.</param>
/// <param name="HeldFor">How long a promise is waited for.</param>
internal sealed record Settings(
    ulong Seed,
    TimeSpan Grace,
    double ControlRate,
    double[] NodeRates,
    long Latency,
    double Late,
    long Latest,
    double LateOnStreams,
    long LatestOnStreams,
    long Patience,
    long HeldFor,
    DatabaseSettings? Database = null
)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);
}

/// <summary>Several control planes on one database.</summary>
/// <param name="Controls">How many.</param>
/// <param name="IsSynchronous">Commits wait for the standby: nothing that was accepted may be lost.</param>
/// <param name="AnsweredWithin">How long a writer waits for the database.</param>
/// <param name="NoticedWithin">How long a server takes at most to notice that a session is gone.</param>
/// <param name="Late">How often a message from or to a server is late.</param>
internal sealed record DatabaseSettings(int Controls, bool IsSynchronous, long AnsweredWithin, long NoticedWithin, double Late);

/// <summary>A run before it runs: settings and what happens. Made from a seed; shrunk by leaving incidents out.</summary>
internal sealed record Schedule(Settings Settings, IReadOnlyList<Incident> Incidents, long End)
{
    public static Schedule Of(ulong seed) => new Generator(seed).Make();

    /// <summary>The same without all but some of its incidents, named by their place in the whole.</summary>
    public static Schedule Of(ulong seed, IReadOnlyCollection<int> kept)
    {
        var whole = Of(seed);
        return whole with { Incidents = [.. kept.Select(i => whole.Incidents[i])] };
    }
}
