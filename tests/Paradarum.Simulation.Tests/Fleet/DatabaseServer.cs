using Paradarum.Control.PurgeLog;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>What a session finds when it has the lock.</summary>
internal sealed record Found(LogMark Mark, LogEpochs Epochs, SimulatedLog Log);

/// <summary>One server of the database. What it has committed it hands to its standby, and where a standby is waited for nobody hears of a commit before that has it.</summary>
internal sealed class DatabaseServer(Simulation run, int place, ControlDisk disk)
{
    private readonly List<DatabaseSession> _sessions = [];
    private readonly List<Action> _unconfirmed = [];
    private readonly Chance _chance = new(Chance.Mix(run.Settings.Seed, (ulong)place + 400));
    private DatabaseServer? _primary;
    private DatabaseServer? _standby;
    private DatabaseSession? _holder;
    private long _appliedAt;
    private int _timeline = 1;

    public int Place => place;

    public ControlDisk Disk { get; private set; } = disk;

    public bool IsUp { get; private set; } = true;

    public bool IsPrimary { get; set; }

    public DatabaseServer? Standby => _standby;

    public bool IsFree => _holder is null;

    private bool WaitsForStandby => run.Settings.Database!.IsSynchronous;

    /// <summary>Copies everything to a new standby, which follows from here on.</summary>
    public void Attach(DatabaseServer standby)
    {
        (standby.Disk, standby._timeline, standby._primary, standby._appliedAt) = (Disk.Copy(), _timeline, this, run.Time.Now);
        (standby.IsUp, standby.IsPrimary, _standby) = (true, false, standby);
        _unconfirmed.ForEach(confirmed => confirmed());
        _unconfirmed.Clear();
    }

    /// <summary>The standby becomes a primary on a timeline of its own: with what it has.</summary>
    public DatabaseServer Promote()
    {
        var next = _standby!;
        (_standby, next._primary, next.IsPrimary) = (null, null, true);
        next._timeline = _timeline + 1;
        return next;
    }

    public void Die()
    {
        IsUp = IsPrimary = false;
        foreach (var session in _sessions.ToArray())
            End(session);
        _unconfirmed.Clear();
    }

    public void Begin(DatabaseSession session) => _sessions.Add(session);

    /// <summary>The session is over for the server: whoever waits for the lock has it.</summary>
    public void End(DatabaseSession session)
    {
        if (!_sessions.Remove(session))
            return;
        if (_holder == session)
            _holder = null;
        session.Ended();
    }

    /// <summary>Waits for the lock, within bounds; then settles what the timeline means for the epoch, durably.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="until">Then another one has it for good.</param>
    /// <param name="claim">The name of a writer that is new; null: of one that comes back.</param>
    /// <param name="answer">Null: the lock is another's.</param>
    public void TakeLock(DatabaseSession session, long until, string? claim, Action<Found?> answer)
    {
        if (!session.IsOpen)
            return;
        if (_holder is not null && run.Mutation != Mutation.NeitherLockNorCounter)
        {
            if (run.Time.Now < until)
                run.Time.After(Time.Second / 25, () => TakeLock(session, until, claim, answer));
            else
                answer(null);
            return;
        }
        _holder = session;
        var timeline = run.Mutation == Mutation.TimelineIgnored ? "1" : $"{_timeline}";
        var fate = LogEpochs.FateOn(Disk.Timeline, timeline, Disk.WaitedForStandby);
        var epoch = $"{SimulatedLog.FirstEpoch}/{timeline}";
        Do(
            one =>
            {
                one.BeginEpoch(epoch, fate);
                (one.Timeline, one.WaitedForStandby) = (timeline, WaitsForStandby);
                one.Writer = claim ?? one.Writer;
            },
            () =>
            {
                if (session.IsOpen)
                    answer(new Found(Disk.Mark, Disk.Epochs, new SimulatedLog(Disk.Log)));
            }
        );
    }

    /// <summary>A group's transaction.</summary>
    /// <param name="from">What the counter was when this session left it: else somebody else has written.</param>
    public void Commit(DatabaseSession session, long from, Action<ControlDisk> work, Action<bool> answer)
    {
        if (Disk.Commits != from && run.Mutation != Mutation.NeitherLockNorCounter)
        {
            answer(false);
            return;
        }
        var ends = session.EndsWithNextCommit;
        if (ends && _chance.Happens(0.5))
        {
            End(session);
            return;
        }
        Do(work, () => answer(true));
        if (ends)
            End(session);
    }

    /// <summary>Mutation: a transaction that took its position from an identity column, and waits for nobody.</summary>
    public void CommitAlone(Action<ControlDisk> work, Action answer) => Do(work, answer);

    private void Do(Action<ControlDisk> work, Action confirmed)
    {
        work(Disk);
        if (!WaitsForStandby)
            confirmed();
        if (_standby is not { } standby)
        {
            if (WaitsForStandby)
                _unconfirmed.Add(confirmed);
            return;
        }
        var lag = WaitsForStandby ? 0 : _chance.Short(Time.Second);
        standby._appliedAt = Math.Max(standby._appliedAt, run.Time.Now + run.Network.Delay(place, standby.Place) + lag);
        run.Time.At(
            standby._appliedAt,
            () =>
            {
                // What was under way when it was promoted is not on it.
                if (standby._primary != this)
                    return;
                work(standby.Disk);
                if (IsUp && WaitsForStandby)
                    confirmed();
            }
        );
    }
}
