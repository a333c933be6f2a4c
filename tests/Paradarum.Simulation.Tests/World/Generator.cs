namespace Paradarum.SimulationTests.World;

/// <summary>
/// Makes schedules that are mostly about what goes wrong around a purge: stores are filled, something breaks, a page changes and is purged while it is broken,
/// visitors come before, in and after it, and things mend. Everything comes from the seed.
/// </summary>
internal sealed class Generator(ulong seed)
{
    private const long Lease = Time.Second;

    // How often a fault is of a kind; those that leave a node with something old and unaware come most.
    private static readonly (IncidentKind Kind, int Weight)[] Faults =
    [
        (IncidentKind.CutFromControl, 30),
        (IncidentKind.CutFromShields, 4),
        (IncidentKind.CutFromOrigin, 4),
        (IncidentKind.Crash, 5),
        (IncidentKind.CrashKeepingStore, 8),
        (IncidentKind.Pause, 8),
        (IncidentKind.Slow, 6),
        (IncidentKind.LateStream, 8),
        (IncidentKind.StartElsewhere, 6),
        (IncidentKind.CrashOfControl, 8),
        (IncidentKind.RestoreOfControl, 6),
        (IncidentKind.OriginDown, 6),
        (IncidentKind.HostMove, 6),
        (IncidentKind.WallClockJump, 3),
        (IncidentKind.Duplicates, 3),
        (IncidentKind.Deletion, 2),
    ];

    // Of several control planes on one database; a cut off one that does not know it comes most.
    private static readonly (IncidentKind Kind, int Weight)[] DatabaseFaults =
    [
        (IncidentKind.CrashOfControl, 15),
        (IncidentKind.CutFromDatabase, 30),
        (IncidentKind.PauseOfControl, 15),
        (IncidentKind.SessionEnded, 15),
        (IncidentKind.Promotion, 20),
    ];

    // Every sixth schedule has a database among the first, in which mutations are looked for, and every 24th beyond: they cost several times what others do. The others go on
    // meaning what they meant.
    private readonly bool _hasDatabase = seed % (seed < 12_000 ? 6UL : 24UL) == 0;
    private readonly Chance _chance = new(Chance.Mix(seed, 1));
    private readonly List<Incident> _incidents = new(96);
    private long _grace;
    private int _focus;
    private int _other;

    public Schedule Make()
    {
        var settings = Settings();
        _grace = settings.Grace.Ticks;
        _focus = Topology.PageOf(host: _chance.Below(Topology.Hosts.Length), path: _chance.Below(Topology.PathCount));
        _other = _chance.Below(Topology.Pages);

        Prime();
        var first = _chance.Between(Lease * 6 / 5, Lease * 2);
        var mended = Break(first);
        Purge(first);
        if (_chance.Happens(0.5))
            mended = Math.Max(mended, Break(_chance.Between(first - (Lease / 5), first + Lease)));
        var second = first + _chance.Between(Lease / 10, Lease * 2);
        if (_chance.Happens(0.35))
            mended = Math.Max(mended, Break(second));
        Purge(second);
        // Somebody else purges at the same moment.
        if (_hasDatabase && _chance.Happens(0.6))
            _incidents.Add(new Incident(IncidentKind.Purge, second + _chance.Short(Lease / 20), 0, 0, AnyPage(), _chance.Next()));
        // Whatever the dice say, someone reads before, between and after.
        Visit(Lease, AnyPop(), _focus);
        Visit((first + second) / 2, AnyPop(), _focus);
        Visit(second + (Lease / 4), AnyPop(), _focus);
        var end = Math.Max(mended, second + Lease) + _chance.Between(Lease / 2, Lease * 2);
        Wander(end);
        _incidents.Sort(static (one, other) => one.At.CompareTo(other.At));
        return new Schedule(settings, _incidents, end);
    }

    private Settings Settings()
    {
        var rates = new double[Place.Nodes];
        for (var node = 0; node < rates.Length; node++)
            rates[node] = Rate();
        return new Settings(
            seed,
            TimeSpan.FromTicks(_chance.Happens(0.15) ? 0 : _chance.Between(Lease / 5, Lease * 3)),
            Rate(),
            rates,
            Latency: _chance.Between(Time.Millisecond / 5, Time.Millisecond * 4),
            Late: _chance.Happens(0.3) ? 0 : _chance.Part() * 0.4,
            Latest: _chance.Short(Lease * 3 / 2),
            LateOnStreams: _chance.Happens(0.5) ? 0 : _chance.Part() * 0.2,
            LatestOnStreams: _chance.Short(Lease / 3),
            Patience: _chance.Between(Lease / 4, Lease * 3 / 2),
            HeldFor: _chance.Between(Lease / 20, Lease * 2),
            Database: _hasDatabase ? Database() : null
        );
    }

    private DatabaseSettings Database() =>
        new(
            2 + _chance.Below(Place.Controls - 1),
            IsSynchronous: _chance.Happens(0.75),
            AnsweredWithin: _chance.Between(Lease / 2, Lease * 4),
            NoticedWithin: _chance.Between(Lease / 10, Lease * 3 / 2),
            Late: _chance.Happens(0.7) ? 0 : _chance.Part() * 0.1
        );

    /// <summary>Clocks are off by less than 1 % (design section 3, not promised): at the edges most of the time.</summary>
    private double Rate() =>
        _chance.Below(5) switch
        {
            0 or 1 => 0.9901,
            2 or 3 => 1.0099,
            _ => 0.9901 + (_chance.Part() * 0.0198),
        };

    /// <summary>Fills the stores.</summary>
    private void Prime()
    {
        for (var pop = Place.Shields; pop < Place.Nodes; pop++)
        {
            if (_chance.Happens(0.85))
                Visit(_chance.Between(Lease * 6 / 10, Lease * 11 / 10), pop, _focus);
            if (_chance.Happens(0.4))
                Visit(_chance.Between(Lease * 6 / 10, Lease * 11 / 10), pop, _other);
        }
    }

    /// <summary>A purge, and visitors who race it.</summary>
    private void Purge(long at)
    {
        var page = _chance.Happens(0.8) ? _focus : _other;
        _incidents.Add(new Incident(IncidentKind.Purge, at, 0, 0, page, _chance.Next()));
        var visits = 6 + _chance.Below(6);
        for (var i = 0; i < visits; i++)
        {
            var near = _chance.Short(Lease / 2);
            Visit(at + (_chance.Happens(0.4) ? -near : near), AnyPop(), _chance.Happens(0.85) ? page : AnyPage());
        }
    }

    /// <summary>Something goes wrong before <paramref name="around"/>, and often lasts beyond it. Returns when it is over.</summary>
    private long Break(long around)
    {
        var kind = AnyFault();
        var begins = Math.Max(
            kind == IncidentKind.RestoreOfControl ? Lease * 3 / 2 : Lease * 3 / 4,
            around - _chance.Between(0, kind == IncidentKind.CutFromControl ? Lease : Lease / 2)
        );
        var lasts = Length(kind);
        var nodes = Nodes(kind);
        var detail = _chance.Next();
        // Half of the processes that end do so in good order. Drawn from what was drawn already, so that known seeds go on meaning what they meant.
        if (kind is IncidentKind.Crash or IncidentKind.CrashKeepingStore && (detail & 2) == 0)
            kind = IncidentKind.Stop;
        _incidents.Add(new Incident(kind, begins, lasts, nodes, _focus, detail));
        var over = begins + lasts;

        if (kind == IncidentKind.CutFromDatabase && _chance.Happens(0.5))
            over = ComeBack(begins, over);

        // What a node that was cut off serves when it is fenced depends on who else is in trouble.
        if (kind == IncidentKind.CutFromControl && _chance.Happens(0.2))
        {
            var down = begins + Lease + _grace - _chance.Between(0, Lease / 2);
            _incidents.Add(new Incident(IncidentKind.OriginDown, down, _chance.Between(Lease / 2, Lease * 2), 0, _focus, _chance.Next()));
        }
        if (kind == IncidentKind.LateStream && _chance.Happens(0.6))
        {
            var cut = begins + (lasts / 2) + _chance.Between(0, lasts / 2);
            _incidents.Add(
                new Incident(IncidentKind.CutFromControl, cut, Length(IncidentKind.CutFromControl), nodes, _focus, _chance.Next())
            );
            over = cut + Length(IncidentKind.CutFromControl);
        }
        if (kind == IncidentKind.RestoreOfControl)
        {
            // The log goes back by some purges, and a shield that knows of them does not hear of it for a while.
            _incidents.Add(new Incident(IncidentKind.Purge, Lease * 23 / 20, 0, 0, AnyPage(), _chance.Next()));
            nodes = 1 + _chance.Below(3);
            over += _chance.Between(Lease / 2, Lease * 3);
            _incidents.Add(new Incident(IncidentKind.CutFromControl, begins - (Lease / 10), over - begins, nodes, _focus, _chance.Next()));
        }
        // Whoever comes back is visited at once.
        for (var node = Place.Shields; node < Place.Nodes; node++)
        {
            if ((nodes & (1 << node)) == 0)
                continue;
            for (var i = 0; i < 3; i++)
                Visit(over + _chance.Short(Lease / 3), node, _focus);
        }
        return over;
    }

    /// <summary>Whoever has taken over meanwhile is gone again when the one that was cut off comes back; a node that the other one has granted a lease is not heard of.</summary>
    private long ComeBack(long begins, long over)
    {
        var gone = begins + _chance.Between((over - begins) / 4, over - begins);
        var lasts = _chance.Between(Lease / 2, Lease * 3);
        _incidents.Add(new Incident(IncidentKind.CrashOfControl, gone, lasts, 0, _focus, _chance.Next()));
        var cut = gone - _chance.Between(0, Lease / 10);
        _incidents.Add(new Incident(IncidentKind.CutFromControl, cut, Lease + _grace + Lease, 1 << AnyPop(), _focus, _chance.Next()));
        var purged = Math.Max(gone, over) + _chance.Short(Lease / 2);
        _incidents.Add(new Incident(IncidentKind.Purge, purged, 0, 0, _focus, _chance.Next()));
        Visit(purged - (Lease / 20), AnyPop(), _focus);
        Visit(purged + (Lease / 4), AnyPop(), _focus);
        return Math.Max(Math.Max(over, gone + lasts), purged);
    }

    private long Length(IncidentKind kind) =>
        kind switch
        {
            // Half of them until after whoever takes over may say complete.
            IncidentKind.CutFromDatabase or IncidentKind.PauseOfControl => _chance.Happens(0.5)
                ? _chance.Between(Lease / 10, Lease * 2)
                : Lease + _grace + _chance.Between(Lease / 2, Lease * 3),
            IncidentKind.Promotion => _chance.Between(Lease / 4, Lease * 4),
            IncidentKind.SessionEnded => 0,
            // Half of them until after the node is fenced.
            IncidentKind.CutFromControl => _chance.Happens(0.3)
                ? _chance.Between(Lease / 10, Lease * 3 / 2)
                : Lease + _grace + _chance.Between(0, Lease * 2),
            IncidentKind.Pause => _chance.Happens(0.5) ? _chance.Between(Lease / 20, Lease) : Lease + _grace + _chance.Between(0, Lease),
            IncidentKind.Crash or IncidentKind.CrashKeepingStore => _chance.Between(Lease / 50, Lease),
            IncidentKind.CrashOfControl or IncidentKind.RestoreOfControl => _chance.Between(Lease / 20, Lease * 3 / 2),
            IncidentKind.HostMove or IncidentKind.WallClockJump or IncidentKind.Deletion => 0,
            _ => _chance.Between(Lease / 10, Lease * 2),
        };

    private int Nodes(IncidentKind kind)
    {
        switch (kind)
        {
            case IncidentKind.CutFromControl:
                return _chance.Below(5) switch
                {
                    0 => 1 << AnyPop(),
                    1 => 1 << _chance.Below(Place.Shields),
                    2 => 3 | (1 << AnyPop()),
                    3 => 0b111111,
                    _ => 1 + _chance.Below(63),
                };
            case IncidentKind.CutFromShields:
                return 1 << AnyPop();
            case IncidentKind.Pause
            or IncidentKind.Slow
            or IncidentKind.LateStream
            or IncidentKind.CutFromOrigin
            or IncidentKind.Crash
            or IncidentKind.CrashKeepingStore:
                return _chance.Happens(0.8) ? 1 << _chance.Below(Place.Nodes) : 1 + _chance.Below(63);
            case IncidentKind.StartElsewhere or IncidentKind.WallClockJump or IncidentKind.Duplicates or IncidentKind.Deletion:
                return 1 << _chance.Below(Place.Nodes);
            default:
                return 0;
        }
    }

    /// <summary>Visitors all the time, until the end.</summary>
    private void Wander(long end)
    {
        for (var at = Lease; at < end; at += _chance.Between(Lease / 10, Lease / 2))
            Visit(at, AnyPop(), _chance.Happens(0.7) ? _focus : AnyPage());
    }

    private void Visit(long at, int pop, int page) =>
        _incidents.Add(new Incident(IncidentKind.Visit, at, 0, 1 << pop, page, _chance.Next()));

    private int AnyPop() => Place.Shields + _chance.Below(Place.Nodes - Place.Shields);

    private int AnyPage() => _chance.Below(Topology.Pages);

    private IncidentKind AnyFault()
    {
        if (_hasDatabase && _chance.Happens(0.65))
            return Any(DatabaseFaults);
        var kind = Any(Faults);
        // A database is not put back from a backup here, and what became of a move that was not answered an outsider cannot say.
        return _hasDatabase && (kind is IncidentKind.RestoreOfControl or IncidentKind.HostMove) ? IncidentKind.Promotion : kind;
    }

    private IncidentKind Any((IncidentKind Kind, int Weight)[] faults)
    {
        var at = _chance.Below(faults.Sum(fault => fault.Weight));
        foreach (var (kind, weight) in faults)
        {
            if (at < weight)
                return kind;
            at -= weight;
        }
        return IncidentKind.Crash;
    }
}
