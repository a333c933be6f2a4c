using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Purging;

/// <summary>
/// Tests every entry in the background, frees what is purged and retires rules. Nothing waits for it: purges are in force when they are applied. It takes
/// at most about a tenth of one core, however many rules come.
/// </summary>
internal sealed class Sweeper : BackgroundService
{
    /// <summary>Rest after a sweep, as a multiple of what it took.</summary>
    private const int RestTimes = 9;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    private readonly NodeState _state;
    private readonly TimeProvider _time;
    private readonly Channel<bool> _needed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly Dictionary<long, (long Generation, ulong Position)> _swept = []; // every entry has been tested against the rules up to here
    private volatile bool _waitsForFetches;

    public Sweeper(NodeState state, TimeProvider time)
    {
        _state = state;
        _time = time;
        state.SweepNeeded = Wake;
        state.Index.FetchReleased = _ =>
        {
            if (_waitsForFetches)
                Wake();
        };
        Wake(); // for what was applied before there was a sweeper
    }

    /// <summary>Sweeps whatever needs it, once. For the loop and for tests; never two at a time.</summary>
    public void SweepAll(CancellationToken stop = default)
    {
        _waitsForFetches = false;
        // What is still on its way from the disk has not been tested. Both read first: what comes later is for the next sweep to say. The snapshot before: what is loading by then is seen.
        var snapshot = _state.TakeSettled();
        var isWhole = !_state.Index.IsLoading;
        foreach (var propertyId in _state.Index.Properties)
        {
            if (!_state.Current.Properties.ContainsKey(propertyId))
                DropProperty(propertyId, stop);
        }
        foreach (var (propertyId, property) in _state.Current.Properties)
        {
            if (!property.Pending.IsEmpty)
                isWhole &= Sweep(propertyId, stop);
        }
        if (isWhole && !stop.IsCancellationRequested && !ReferenceEquals(_state.Swept, snapshot))
            _state.NoteSwept(snapshot);
    }

    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        await Task.Yield(); // a sweep is work for the processor: it must not hold up the host's start
        Rehearsal.Run(_time);
        while (!stop.IsCancellationRequested)
        {
            await _needed.Reader.ReadAsync(stop);
            var started = _time.GetTimestamp();
            SweepAll(stop);
            var rest = _time.GetElapsedTime(started) * RestTimes;
            rest = rest < ShortestRest ? ShortestRest : rest;
            await Task.Delay(rest < LongestRest ? rest : LongestRest, _time, stop);
        }
    }

    /// <returns>Whether every rule of the property has been tested on every entry, up to a snapshot that is no older than this call.</returns>
    private bool Sweep(long propertyId, CancellationToken stop)
    {
        _state.Widen(propertyId);
        var snapshot = _state.Current;
        if (!snapshot.Properties.TryGetValue(propertyId, out var property) || property.Pending.IsEmpty)
            return true;

        // 1. Every entry, where a rule can be told in no other way. Paths and equals were found through the index when they were applied.
        var pending = property.Pending;
        var oldestFetch = _state.Index.OldestStamp(propertyId);
        var isStuck = pending.Load.Rules > Retirement.MostWaitingForFetches && oldestFetch < pending.Newest;
        var swept = SweptThrough(propertyId, snapshot.Generation);
        if (swept < pending.NewestToSweep || (isStuck && swept < pending.Newest))
        {
            if (!TestEntries(snapshot, property, stop))
                return false;
            if (pending.NewestSpent > 0)
            {
                // A pattern ran past its time on the way: it is widened before it can retire, and All is swept next.
                _state.Widen(propertyId);
                Wake();
                return false;
            }
            _swept[propertyId] = (snapshot.Generation, snapshot.Position);
            swept = snapshot.Position;
        }

        // 2. What no fetch in flight is older than. The register is read again: a fetch that ended meanwhile tested what it stored.
        var through = Retirement.Through(snapshot.Position, _state.Index.OldestStamp(propertyId));
        if (through >= pending.Newest)
            _state.Retire(propertyId, through, snapshot.Generation);
        else if (isStuck && swept >= pending.Newest)
            _state.Retire(propertyId, swept, snapshot.Generation, horizon: swept);
        else
            WaitForFetches(propertyId, through, snapshot.Generation);
        return true;
    }

    private ulong SweptThrough(long propertyId, long generation) =>
        _swept.TryGetValue(propertyId, out var swept) && swept.Generation == generation ? swept.Position : 0;

    private void WaitForFetches(long propertyId, ulong through, long generation)
    {
        if (through > 0)
            _state.Retire(propertyId, through, generation);
        _waitsForFetches = true;

        // One that ended while we looked has not woken us.
        if (_state.Index.OldestStamp(propertyId) > through)
            Wake();
    }

    private bool TestEntries(NodeSnapshot snapshot, PropertyView property, CancellationToken stop)
    {
        foreach (var entry in _state.Index.Entries(property.Id))
        {
            if (stop.IsCancellationRequested)
                return false;
            var verdict = Fence.Test(snapshot, property, entry);
            if (!verdict.MayBeUsed)
                _state.Remove(entry, verdict);
        }
        return true;
    }

    private void DropProperty(long propertyId, CancellationToken stop)
    {
        foreach (var entry in _state.Index.Entries(propertyId))
        {
            if (stop.IsCancellationRequested)
                return;
            _state.Remove(entry, new FenceVerdict(FenceReason.UnknownProperty));
        }
    }

    /// <summary>One sweep answers any number of calls.</summary>
    private void Wake() => _needed.Writer.TryWrite(true);
}
