namespace Paradarum.Edge.Storage.Disk;

/// <summary>What an operator is told of the disk, worst first.</summary>
internal enum DiskCondition
{
    Well,

    /// <summary>Slower than what is asked of it: some entries are not written, or are fetched from upstream instead.</summary>
    Slow,

    /// <summary>No room: nothing is written until there is.</summary>
    Full,

    /// <summary>Errors: it rests between tries.</summary>
    Failing,
}

/// <summary>
/// Decides whether the disk is asked at all, from how it has answered so far; without I/O. After faults it rests, so that visitors do not wait for a disk that does not answer.
/// Thread-safe.
/// </summary>
internal sealed class DiskHealth(TimeProvider time)
{
    /// <summary>Faults of readings in a row after which it rests.</summary>
    public const int FaultsUntilRest = 8;

    public static readonly TimeSpan ReadsRestFor = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan FirstWriteRest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestWriteRest = TimeSpan.FromMinutes(1);

    /// <summary>How long one fault makes the condition what it is.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private int _readFaults;
    private int _writeFaults;
    private long _readsRestUntil = long.MinValue;
    private long _writesRestUntil = long.MinValue;
    private long _slowUntil = long.MinValue;
    private bool _isFull;

    /// <summary>Readings that came too late or were refused, errors, torn bodies and writes that failed, since the start.</summary>
    public DiskFaults Faults { get; private set; }

    public bool MayRead => time.GetTimestamp() >= Volatile.Read(ref _readsRestUntil);

    public bool MayWrite => time.GetTimestamp() >= Volatile.Read(ref _writesRestUntil);

    /// <summary>Until writes are tried again; zero when they may be now.</summary>
    public TimeSpan WritesRest => MayWrite ? TimeSpan.Zero : time.GetElapsedTime(time.GetTimestamp(), Volatile.Read(ref _writesRestUntil));

    public DiskCondition Condition
    {
        get
        {
            lock (_gate)
            {
                if (_writeFaults > 0)
                    return _isFull ? DiskCondition.Full : DiskCondition.Failing;
                if (!MayRead)
                    return DiskCondition.Failing;
                return time.GetTimestamp() < _slowUntil ? DiskCondition.Slow : DiskCondition.Well;
            }
        }
    }

    public void Note(DiskReadOutcome outcome)
    {
        if (outcome == DiskReadOutcome.Read)
        {
            Volatile.Write(ref _readFaults, 0);
            return;
        }
        lock (_gate)
        {
            // A torn body says nothing of the disk's speed; the next one may be whole.
            Faults = outcome == DiskReadOutcome.Torn ? Faults with { Torn = Faults.Torn + 1 } : Faults with { Reads = Faults.Reads + 1 };
            if (outcome == DiskReadOutcome.Failed)
                CountFault();
        }
    }

    /// <summary>A visitor did not get its first bytes in time.</summary>
    public void Late()
    {
        lock (_gate)
        {
            Faults = Faults with { Late = Faults.Late + 1 };
            _slowUntil = After(Remembered);
            CountFault();
        }
    }

    /// <summary>Too many readings wait.</summary>
    public void Refused()
    {
        lock (_gate)
        {
            Faults = Faults with { Late = Faults.Late + 1 };
            _slowUntil = After(Remembered);
        }
    }

    /// <summary>An entry was not taken for the disk, because it does not keep up or rests.</summary>
    public void Skipped()
    {
        lock (_gate)
        {
            Faults = Faults with { Skipped = Faults.Skipped + 1 };
            _slowUntil = After(Remembered);
        }
    }

    public void Wrote()
    {
        if (Volatile.Read(ref _writeFaults) != 0)
            Volatile.Write(ref _writeFaults, 0);
    }

    /// <returns>How long writes rest.</returns>
    public TimeSpan WriteFailed(bool isFull)
    {
        lock (_gate)
        {
            Faults = Faults with { Writes = Faults.Writes + 1 };
            _isFull = isFull;
            var rest = FirstWriteRest * Math.Pow(2, Math.Min(_writeFaults++, 10));
            rest = rest < LongestWriteRest ? rest : LongestWriteRest;
            Volatile.Write(ref _writesRestUntil, After(rest));
            return rest;
        }
    }

    private void CountFault()
    {
        if (++_readFaults < FaultsUntilRest)
            return;
        _readFaults = 0;
        Volatile.Write(ref _readsRestUntil, After(ReadsRestFor));
    }

    private long After(TimeSpan rest) => time.GetTimestamp() + (long)(rest.TotalSeconds * time.TimestampFrequency);
}

/// <summary>What went wrong since the start.</summary>
/// <param name="Reads">Readings that the disk answered with an error.</param>
/// <param name="Torn">Bodies whose bytes were not those that were written.</param>
/// <param name="Late">Readings that came too late for a visitor, or were not tried because too many waited.</param>
/// <param name="Writes">Writes and flushes that failed.</param>
/// <param name="Skipped">Responses that were kept in memory only.</param>
internal readonly record struct DiskFaults(long Reads, long Torn, long Late, long Writes, long Skipped)
{
    public long All => Reads + Torn + Late + Writes + Skipped;
}
