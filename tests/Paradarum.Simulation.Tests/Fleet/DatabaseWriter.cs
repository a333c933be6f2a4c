using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Fleet;

/// <summary>
/// What a writer does with its session: one group after another, each a transaction; a group that gets no answer has failed for those who wait, and what became of it is looked up when
/// the session is over.
/// </summary>
internal sealed class DatabaseWriter : SimulatedWriter
{
    private static readonly Work Empty = new(_ => { }, () => { }, () => { }, () => { });

    private readonly Simulation _run;
    private readonly ControlSlot _slot;
    private readonly LogEpochs _epochs;
    private List<Work> _waiting = [];
    private Group? _running;
    private Group? _inDoubt;
    private LogMark _known;
    private ulong _givenOut;
    private bool _isBroken;
    private bool _isOver;

    public DatabaseWriter(Simulation run, ControlSlot slot, DatabaseSession session, Found found)
    {
        (_run, _slot, _known, _epochs, Log) = (run, slot, found.Mark, found.Epochs, found.Log);
        Take(session);
        slot.After(Time.Second, Pulse);
    }

    public DatabaseSession? Session { get; private set; }

    public override SimulatedLog Log { get; }

    public override string Epoch => _epochs.Epoch;

    public override bool IsOfThisLog(string epoch, ulong position) => _epochs.IsOfThisLog(epoch, position);

    public override void Append(RecordPayload payload, Action<ulong> durable, Action failed)
    {
        if (_run.Mutation == Mutation.IdentityColumnInsteadOfTheCounter)
        {
            AppendAlone(payload, durable, failed);
            return;
        }
        LogEntry? entry = null;
        var position = 0UL;
        Enqueue(
            new Work(
                disk =>
                {
                    if (entry is null)
                        entry = disk.Log[disk.Log.Append(payload)];
                    else
                        disk.Log.Append(entry);
                },
                () =>
                {
                    Log.Append(entry ?? LogEntry.After(Log[Log.Head], Log.Head + 1, payload));
                    position = Log.Head;
                    HeadMoved();
                },
                () => durable(position),
                failed
            )
        );
    }

    public override void Write(Action<ControlDisk> work, Action durable, Action failed) =>
        Enqueue(new Work(work, () => { }, durable, failed));

    public override void Confirm(Action confirmed, Action failed) => Enqueue(Empty with { Durable = confirmed, Failed = failed });

    /// <summary>The process ends, or starts anew.</summary>
    public void Abandon()
    {
        _isOver = true;
        Session?.Close();
    }

    private void Enqueue(Work work)
    {
        if (_isOver)
        {
            work.Failed();
            return;
        }
        _waiting.Add(work);
        Run();
    }

    /// <summary>Who is superseded and asked nothing would go on for ever.</summary>
    private void Pulse()
    {
        if (_isOver)
            return;
        if (_waiting.Count == 0)
            Enqueue(Empty);
        _slot.After(Time.Second, Pulse);
    }

    private void Run()
    {
        if (_running is not null || _waiting.Count == 0)
            return;
        var group = _running = new Group(_waiting, _known with { Commits = _known.Commits + 1 });
        _waiting = [];
        if (Session is not { } session)
        {
            Reopen(() => Start(group));
            return;
        }
        Start(group);
        if (_isBroken && _running == group && Session == session)
            Lose(group);
    }

    private void Start(Group group)
    {
        if (Session is not { } session)
        {
            Fail(group);
            return;
        }
        group.Mark = _known with { Commits = _known.Commits + 1 };
        var from = _known.Commits;
        session.Up(() => session.Server.Commit(session, from, group.Do, ok => session.Down(() => Answered(group, ok))));
        _slot.After(_run.Settings.Database!.AnsweredWithin, () => Lose(group));
    }

    private void Answered(Group group, bool ok)
    {
        if (_running != group || group.IsLost)
            return;
        if (!ok)
        {
            Lose(group);
            return;
        }
        Publish(group);
        _known = group.Mark with { Position = Log.Head };
        _running = null;
        foreach (var work in group.Works)
            work.Durable();
        Run();
    }

    /// <summary>Nothing of the group is known to be durable: what is really on disk is read before anyone is told.</summary>
    private void Lose(Group group)
    {
        if (_running != group || group.IsLost)
            return;
        group.IsLost = true;
        _inDoubt = group;
        Session?.Close();
        Session = null;
        Reopen(() => Fail(group));
    }

    private void Fail(Group group)
    {
        _running = null;
        foreach (var work in group.Works)
            work.Failed();
        Run();
    }

    private void Reopen(Action done)
    {
        if (_isOver)
        {
            done();
            return;
        }
        _run.Database!.Open(
            _slot,
            null,
            (session, found) =>
            {
                Settle(session, found.Mark);
                done();
            },
            isTaken =>
            {
                if (isTaken)
                    End();
                done();
            }
        );
    }

    private void Settle(DatabaseSession session, LogMark found)
    {
        Take(session);
        var (tookPlace, behind) = LogReopening.Judge(Mutated(found), _inDoubt?.Mark, found);
        if (tookPlace)
            Publish(_inDoubt!);
        (_inDoubt, _known) = (null, found);
        if (behind is not null)
            End();
    }

    /// <summary>Mutation: whoever worked meanwhile is noticed by the position alone.</summary>
    private LogMark Mutated(LogMark found) =>
        _run.Mutation == Mutation.ReopenedWithAnOldView ? _known with { Writer = found.Writer, Commits = found.Commits } : _known;

    private void End()
    {
        if (_isOver)
            return;
        Abandon();
        _slot.Superseded();
        var waiting = _waiting;
        _waiting = [];
        foreach (var work in waiting)
            work.Failed();
    }

    private void Take(DatabaseSession session)
    {
        (Session, _isBroken) = (session, false);
        session.Broken = () =>
        {
            _isBroken = true;
            if (_running is { } group)
                Lose(group);
        };
    }

    private static void Publish(Group group)
    {
        foreach (var work in group.Works)
            work.Publish();
    }

    private void AppendAlone(RecordPayload payload, Action<ulong> durable, Action failed)
    {
        if (_isOver || Session is not { } session)
        {
            failed();
            return;
        }
        var position = _givenOut = Math.Max(_givenOut, Log.Head) + 1;
        // Transactions of one moment take each its own time.
        _slot.After(
            new Chance(Chance.Mix(_run.Settings.Seed, position)).Short(Time.Second / 5),
            () =>
                session.Up(() =>
                    session.Server.CommitAlone(
                        disk => disk.Log.Put(position, payload),
                        () =>
                            session.Down(() =>
                            {
                                Log.Put(position, payload);
                                _known = _known with { Position = Log.Head };
                                HeadMoved();
                                durable(position);
                            })
                    )
                )
        );
    }

    /// <param name="Do">In the transaction.</param>
    /// <param name="Publish">Memory is brought up to the disk.</param>
    /// <param name="Durable">Who waited hears it.</param>
    /// <param name="Failed">Who waited hears that it is not known.</param>
    private sealed record Work(Action<ControlDisk> Do, Action Publish, Action Durable, Action Failed);

    private sealed class Group(List<Work> works, LogMark mark)
    {
        public List<Work> Works => works;

        /// <summary>Where the log ends once this is on disk; the position counts for nothing.</summary>
        public LogMark Mark { get; set; } = mark;

        public bool IsLost { get; set; }

        public void Do(ControlDisk disk)
        {
            foreach (var work in works)
                work.Do(disk);
            disk.Commits++;
        }
    }
}
