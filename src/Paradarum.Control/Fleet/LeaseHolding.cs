namespace Paradarum.Control.Fleet;

/// <summary>What a node says of the process that opens a stream.</summary>
/// <param name="InstanceId">One process start.</param>
/// <param name="BootId">The machine's boot; empty when unknown.</param>
/// <param name="FolderId">Device and inode of the data folder whose exclusive lock it holds; empty when it holds none.</param>
/// <param name="StartedAt">CLOCK_BOOTTIME in nanoseconds, read after the lock was taken: orders the starts that share boot and folder.</param>
internal sealed record InstanceFacts(string InstanceId, string BootId, string FolderId, long StartedAt)
{
    /// <summary>
    /// Only one process at a time holds the folder's lock, so of two starts in the same boot with the same folder, the earlier one is dead. The order matters:
    /// a dead process's hello may be read after its successor's.
    /// </summary>
    public bool ProvesDead(InstanceFacts other) => SharesFolderWith(other) && StartedAt > other.StartedAt;

    private bool SharesFolderWith(InstanceFacts other) =>
        BootId.Length > 0
        && FolderId.Length > 0
        && string.Equals(BootId, other.BootId, StringComparison.Ordinal)
        && string.Equals(FolderId, other.FolderId, StringComparison.Ordinal);
}

/// <summary>
/// What one process start of a node may hold, counted by the control plane's clock. Instants are times since the control plane's own start. It outlives the
/// stream, and its process as far as the control plane can tell: only time, or a successor's proof, ends it.
/// </summary>
internal sealed class LeaseHolding(InstanceFacts facts)
{
    /// <summary>Grants since the last un-fencing of which none is known to be able to take effect yet, oldest first. Bounded by heartbeats per lease + grace.</summary>
    private readonly Queue<(ulong Head, TimeSpan ExpiresAt)> _grantsWaiting = new();

    private TimeSpan _liveUntil = TimeSpan.MinValue;
    private TimeSpan _unfencedUntil = TimeSpan.MinValue;
    private bool _mayBeInEffect;
    private ulong _mostSent;

    public InstanceFacts Facts { get; } = facts;

    /// <summary>Acknowledged; 0 also when it holds nothing.</summary>
    public ulong Applied { get; private set; }

    /// <summary>It acknowledged a snapshot or presented a cursor of this log.</summary>
    public bool HasState { get; private set; }

    /// <summary>When the next of lease and lease + grace is over, if any still runs.</summary>
    public TimeSpan? NextChange(TimeSpan now) =>
        now < _liveUntil ? _liveUntil
        : now < _unfencedUntil ? _unfencedUntil
        : null;

    public bool LeaseRuns(TimeSpan now) => now < _liveUntil;

    public bool IsFenced(TimeSpan now) => now >= _unfencedUntil;

    /// <summary>
    /// G3's live: the lease runs by the control plane's clock and may be in effect on the node. A grant takes effect once its own head is applied, which
    /// cannot be before the records up to it were sent: so a node that is still being caught up does not hold others back.
    /// </summary>
    public bool IsLive(TimeSpan now)
    {
        NoticeEffect(now);
        return LeaseRuns(now) && _mayBeInEffect;
    }

    /// <summary>Its lease or grace runs, and it has caught up with the head it was granted at.</summary>
    public bool IsHealthy(TimeSpan now)
    {
        DropExpired(now);
        return !IsFenced(now) && HasState && (_mayBeInEffect || _grantsWaiting.Count > 0) && Applied >= EffectHead;
    }

    private ulong EffectHead => _grantsWaiting.TryPeek(out var oldest) ? oldest.Head : 0;

    /// <summary>After a control-plane start: whatever it may have been granted before, and nothing known of what it applied.</summary>
    public void AssumeGranted(TimeSpan liveUntil, TimeSpan unfencedUntil)
    {
        (_liveUntil, _unfencedUntil) = (liveUntil, unfencedUntil);
        _mayBeInEffect = true;
    }

    /// <summary>The process said that it serves nobody any more and holds no lease: fenced from here on, until it is granted one anew.</summary>
    public void GiveUp()
    {
        _grantsWaiting.Clear();
        (_liveUntil, _unfencedUntil, _mayBeInEffect) = (TimeSpan.MinValue, TimeSpan.MinValue, false);
    }

    /// <summary>Un-fences the node. The head is named afterwards (<see cref="NameHead"/>): a purge that gets between the two waits for this node.</summary>
    public void Unfence(TimeSpan now, TimeSpan live, TimeSpan unfenced)
    {
        if (IsFenced(now))
        {
            // By its own clock the node is fenced too: it needs a grant to take effect anew.
            _grantsWaiting.Clear();
            _mayBeInEffect = false;
        }
        _liveUntil = Later(_liveUntil, now + live);
        _unfencedUntil = Later(_unfencedUntil, now + unfenced);
    }

    /// <summary>The head of the grant just made, which runs until <paramref name="expiresAt"/>.</summary>
    public void NameHead(ulong head, TimeSpan expiresAt, TimeSpan now)
    {
        if (!_mayBeInEffect)
            _grantsWaiting.Enqueue((head, expiresAt));
        NoticeEffect(now);
    }

    public void NoteSent(ulong position, TimeSpan now)
    {
        _mostSent = Math.Max(_mostSent, position);
        NoticeEffect(now);
    }

    /// <summary>What a hello presents, or null when the node needs a snapshot. May be lower than before: it dropped all.</summary>
    public void NotePresented(ulong? position, TimeSpan now)
    {
        HasState = position is not null;
        Applied = position ?? 0;
        NoteSent(Applied, now);
    }

    public void NoteApplied(ulong position)
    {
        HasState = true;
        Applied = Math.Max(Applied, position);
    }

    private void NoticeEffect(TimeSpan now)
    {
        DropExpired(now);
        if (_mayBeInEffect || _grantsWaiting.Count == 0 || _mostSent < EffectHead)
            return;
        _mayBeInEffect = true;
    }

    /// <summary>Heads only rise, and the node sees its grants expire no later than the control plane does: its oldest unexpired grant asks for at least this head.</summary>
    private void DropExpired(TimeSpan now)
    {
        while (_grantsWaiting.TryPeek(out var oldest) && oldest.ExpiresAt <= now)
            _grantsWaiting.Dequeue();
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
