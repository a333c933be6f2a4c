using System.Collections.Concurrent;

namespace Paradarum.SystemTests.Attack;

/// <summary>
/// What an outsider may hold against the CDN. The origin raises a page's version, then the page is purged; once the purge says <c>complete</c>, whoever asks afterwards must
/// get that version or a later one, from every PoP.
/// </summary>
internal sealed class AttackLedger
{
    private readonly ConcurrentDictionary<string, long> _required = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Page, long Version)> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _stale = new();

    /// <summary>Why purges were not accepted.</summary>
    public ConcurrentDictionary<string, int> Refusals { get; } = new(StringComparer.Ordinal);

    private long _accepted;
    private long _completed;
    private long _refused;
    private long _reads;
    private long _hits;
    private long _unanswered;
    private long _longestTicks;

    public long Accepted => Interlocked.Read(ref _accepted);

    public long Completed => Interlocked.Read(ref _completed);

    public long Refused => Interlocked.Read(ref _refused);

    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>Answered from a PoP's store: where staleness would come from.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    public long Unanswered => Interlocked.Read(ref _unanswered);

    public TimeSpan LongestToComplete => TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks));

    public IReadOnlyCollection<string> Stale => _stale;

    /// <summary>Answered 200 and not known to be complete yet: receipts.</summary>
    public IReadOnlyCollection<string> Open => [.. _open.Keys];

    public void NoteAccepted(string receipt, string page, long version)
    {
        _open[receipt] = (page, version);
        Interlocked.Increment(ref _accepted);
    }

    /// <summary>A purge that was not answered 200: nothing is promised.</summary>
    public void NoteRefused(string why)
    {
        Interlocked.Increment(ref _refused);
        Refusals.AddOrUpdate(why, 1, (_, count) => count + 1);
    }

    public void NoteComplete(string receipt, TimeSpan took)
    {
        if (!_open.TryRemove(receipt, out var purge))
            return;
        _required.AddOrUpdate(purge.Page, purge.Version, (_, known) => Math.Max(known, purge.Version));
        Interlocked.Increment(ref _completed);
        for (var longest = Interlocked.Read(ref _longestTicks); took.Ticks > longest; longest = Interlocked.Read(ref _longestTicks))
            Interlocked.CompareExchange(ref _longestTicks, took.Ticks, longest);
    }

    /// <summary>Read before a request is sent: what its answer may not be below.</summary>
    public long RequiredOf(string page) => _required.GetValueOrDefault(page, 1);

    public void NoteAnswer(string pop, string page, long required, long version, bool isHit)
    {
        Interlocked.Increment(ref _reads);
        if (isHit)
            Interlocked.Increment(ref _hits);
        if (version < required)
            _stale.Enqueue($"{pop} answered {page} with version {version} after {required} was complete");
    }

    /// <summary>No answer, or one that says that there is none.</summary>
    public void NoteUnanswered() => Interlocked.Increment(ref _unanswered);
}
