namespace Paradarum.SimulationTests.World;

/// <summary>Places on the network. Nodes are 0 to 5: two shields, then four PoPs.</summary>
internal static class Place
{
    public const int Shields = 2;
    public const int Nodes = 6;
    public const int Control = 6;
    public const int Origin = 7;
    public const int Visitors = 8;

    /// <summary>What every run has.</summary>
    public const int Usual = 9;

    /// <summary>Where there is a database: two more control planes, then three servers.</summary>
    public const int Controls = 3;
    public const int Database = 11;
    public const int Servers = 3;
    public const int All = Database + Servers;

    public static int OfControl(int which) => which == 0 ? Control : Usual + which - 1;

    public static bool IsControl(int place) => place is Control or Usual or Usual + 1;
}

/// <summary>What holds between two places now. Faults may overlap, so they are counted.</summary>
internal sealed class Link(Chance chance)
{
    public Chance Chance => chance;

    /// <summary>Nothing passes while above 0.</summary>
    public int Cuts { get; set; }

    /// <summary>A cut link says nothing: who tries finds out by his patience alone.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Added to what passes, by a fault.</summary>
    public long Extra { get; set; }
}

/// <summary>Delays and partitions between all places, in both directions alike. Messages of one exchange stay in order, exchanges overtake one another.</summary>
internal sealed class Network
{
    private readonly Link[] _links = new Link[Place.All * Place.All];
    private readonly Settings _settings;

    public Network(Settings settings)
    {
        _settings = settings;
        var places = settings.Database is null ? Place.Usual : Place.All;
        for (var one = 0; one < places; one++)
        {
            for (var other = one; other < places; other++)
            {
                // Known seeds go on meaning what they meant before there were more places.
                var number = other < Place.Usual ? 1000 + (one * Place.Usual) + other : 5000 + (one * 100) + other;
                _links[(one * Place.All) + other] = new Link(new Chance(Chance.Mix(settings.Seed, (ulong)number)));
            }
        }
    }

    public Link this[int one, int other] => _links[one < other ? (one * Place.All) + other : (other * Place.All) + one];

    public bool IsCut(int one, int other) => this[one, other].Cuts > 0;

    /// <summary>How long the next message takes.</summary>
    public long Delay(int from, int to)
    {
        var link = this[from, to];
        var usual = (_settings.Latency / 2) + link.Chance.Short(_settings.Latency);
        var toControl = Place.IsControl(from) || Place.IsControl(to);
        var (often, most) = toControl ? (_settings.LateOnStreams, _settings.LatestOnStreams) : (_settings.Late, _settings.Latest);
        if (from >= Place.Database || to >= Place.Database)
            (often, most) = (_settings.Database!.Late, Time.Second / 3);
        // Visitors are near: what they see is what the node did.
        if (from != Place.Visitors && to != Place.Visitors && link.Chance.Happens(often))
            usual += link.Chance.Between(0, most);
        return usual + link.Extra;
    }
}
