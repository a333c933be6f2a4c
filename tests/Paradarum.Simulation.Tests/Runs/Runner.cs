using System.Collections.Concurrent;
using System.Diagnostics;
using Paradarum.SimulationTests.World;

namespace Paradarum.SimulationTests.Runs;

/// <summary>What came of many runs.</summary>
internal sealed class Tally
{
    private long _events;
    private long _runs;
    private long _answers;
    private long _judged;
    private long _complete;
    private long _purges;
    private int _fewestEvents = int.MaxValue;
    private readonly Lock _gate = new();

    public ConcurrentBag<(ulong Seed, string What)> Broken { get; } = [];

    public long Events => _events;

    public long Runs => _runs;

    public long Judged => _judged;

    public long Complete => _complete;

    public long Purges => _purges;

    public int FewestEvents => _fewestEvents;

    /// <summary>Schedules that lack one of what each must have: two purges, a fault, and answers before, between and after the purges.</summary>
    public int Poor { get; private set; }

    public TimeSpan Took { get; set; }

    public void Add(Schedule schedule, Simulation run)
    {
        var history = run.History;
        var isPoor = !(schedule.Incidents.Any(incident => incident.IsFault) && history.Purges.Count >= 2 && history.ReadsAcrossAll);
        lock (_gate)
        {
            _events += run.Time.Events;
            _runs++;
            _answers += history.Answers;
            _judged += history.Judged;
            _complete += history.Complete;
            _purges += history.Purges.Count;
            if (history.Broken is { } broken)
            {
                Broken.Add((schedule.Settings.Seed, broken));
                return;
            }
            _fewestEvents = Math.Min(_fewestEvents, run.Time.Events);
            Poor += isPoor ? 1 : 0;
        }
    }

    public override string ToString() =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{_runs} schedules, {_events} events ({_events / Math.Max(1, Took.TotalSeconds):F0}/s, {Took.TotalSeconds:F1} s), at least {_fewestEvents} each; {_answers} answers, {_judged} of them owed a purge; {_complete} of {_purges} purges complete; {Broken.Count} broken"
        );
}

/// <summary>Runs seeds one after another on every core. Runs share nothing, so the order in which they end changes none of them.</summary>
internal static class Runner
{
    /// <summary>Runs seeds from <paramref name="from"/> on: so many, or as many as fit in the time. Ends early once enough of them broke a promise.</summary>
    public static Tally Run(ulong from, ulong count, TimeSpan? within = null, Mutation mutation = Mutation.None, int enough = 3)
    {
        var tally = new Tally();
        var started = Stopwatch.GetTimestamp();
        var next = from - 1;
        var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work)).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        tally.Took = Stopwatch.GetElapsedTime(started);
        return tally;

        void Work()
        {
            while (tally.Broken.Count < enough)
            {
                var seed = Interlocked.Increment(ref next);
                if (within is { } time ? Stopwatch.GetElapsedTime(started) > time : seed >= from + count)
                    return;
                var schedule = Schedule.Of(seed);
                tally.Add(schedule, new Simulation(schedule, mutation).Run());
            }
        }
    }
}
