using System.Data.Common;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Paradarum.Control.Fleet;
using Paradarum.Protocol;

namespace Paradarum.Control.Purging;

/// <summary>
/// Every purge that is listened to. One loop looks at each of them when something new is on disk, and four times a second for what time alone changes; it takes at most
/// about a tenth of a core, so that no number of listeners slows the fleet.
/// </summary>
internal sealed class PurgeWatches(PurgeProgress progress, TimeProvider time) : BackgroundService
{
    /// <summary>Listeners on one property, and on all. One costs a connection and a few hundred bytes.</summary>
    public const int MostOnProperty = 2_000;
    public const int MostInAll = 10_000;

    /// <summary>Rest after a round, as a multiple of what it took.</summary>
    private const int RestTimes = 9;

    /// <summary>Purges that are kept watched although nobody listens at the moment.</summary>
    private const int MostUnheard = 1_000;

    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    private static readonly Refusal TooMany = Refusal.TooMany(
        "Too many event streams are open. Wait for the purge with ?wait= instead, or try again later.",
        TimeSpan.FromSeconds(5)
    );

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PurgeWatch> _watches = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> _onProperty = [];
    private readonly Wake _wanted = new();
    private int _listeners;

    /// <summary>How many listen now, all properties.</summary>
    public int Listeners
    {
        get
        {
            lock (_lock)
                return _listeners;
        }
    }

    /// <summary>Someone listens: leave with <see cref="Leave"/>.</summary>
    public Result<PurgeWatch> Join(long propertyId, string purgeId, PurgeRow row)
    {
        PurgeWatch? watch;
        lock (_lock)
        {
            var onProperty = _onProperty.GetValueOrDefault(propertyId);
            if (_listeners >= MostInAll || onProperty >= MostOnProperty)
                return TooMany;
            if (!_watches.TryGetValue(purgeId, out watch))
                _watches.Add(purgeId, watch = new PurgeWatch(purgeId, row, RandomNumberGenerator.GetHexString(8, lowercase: true)));
            (_listeners, _onProperty[propertyId]) = (_listeners + 1, onProperty + 1);
            watch.Listeners++;
        }
        _wanted.Set();
        return watch;
    }

    public void Leave(long propertyId, string purgeId, PurgeWatch watch)
    {
        lock (_lock)
        {
            _listeners--;
            if (--_onProperty[propertyId] == 0)
                _onProperty.Remove(propertyId);
            // Kept while it can still change: who comes back goes on where it was. The loop drops it once it is over.
            if (--watch.Listeners == 0 && (watch.View.IsLast || _watches.Count > MostUnheard))
                _watches.Remove(purgeId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Taken before the look: what is shown in between wakes the next round.
            var shown = progress.NextShown;
            var started = time.GetTimestamp();
            var watched = LookAtAll();
            var rest = time.GetElapsedTime(started) * RestTimes;
            await Task.Delay(rest < ShortestRest ? ShortestRest : rest, time, stoppingToken);
            if (watched == 0)
                await _wanted.WaitAsync(stoppingToken);
            else
                await SomethingAsync(shown, stoppingToken);
        }
    }

    private int LookAtAll()
    {
        PurgeWatch[] watches;
        lock (_lock)
        {
            foreach (var (purgeId, watch) in _watches)
            {
                if (watch.View.IsLast && watch.Listeners == 0)
                    _watches.Remove(purgeId);
            }
            watches = [.. _watches.Values.Where(watch => !watch.View.IsLast)];
        }
        try
        {
            foreach (var watch in watches)
                watch.Take(progress.ProgressOf(watch.Row.Position, watch.Row.AcceptedNodes));
        }
        catch (DbException)
        {
            // The log says what is wrong with the database. Listeners hear of it when it can be read again.
        }
        return watches.Length;
    }

    private async Task SomethingAsync(Task shown, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        // A newcomer is looked at at once too.
        await Task.WhenAny(shown, _wanted.WaitAsync(over.Token), Task.Delay(LongestRest, time, over.Token));
        await over.CancelAsync();
        stop.ThrowIfCancellationRequested();
    }
}
