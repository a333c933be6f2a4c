using Paradarum.Protocol.Log;

namespace Paradarum.Control.PurgeLog;

/// <summary>Durable end of the log. Position 0 is the empty log.</summary>
internal sealed record LogHead(ulong Position, ReadOnlyMemory<byte> Hash);

/// <summary>What is durable in the log, for those who follow it. Shows nothing that is not flushed.</summary>
internal sealed class LogFeed
{
    /// <summary>Random id of this log (32 hex digits), made with the database.</summary>
    public string Epoch => throw new NotImplementedException();

    /// <summary>Signs purge ids (<c>PurgeToken</c>); made with the database, as long as the epoch lives.</summary>
    public ReadOnlyMemory<byte> PurgeTokenKey => throw new NotImplementedException();

    public LogHead Head => throw new NotImplementedException();

    /// <summary>Oldest position that can still be read is Tail + 1; retention moves it.</summary>
    public ulong Tail => throw new NotImplementedException();

    /// <summary>Records after a position, in order, at most so many and so many bytes of payload (at least one record when there is one). Recent ones come from memory.</summary>
    /// <returns>False when <paramref name="after"/> is below the tail.</returns>
    public bool TryRead(ulong after, int mostRecords, int mostBytes, out IReadOnlyList<LogRecord> records) =>
        throw new NotImplementedException();

    /// <summary>The hash at a position, or null when it is below the tail or beyond the head.</summary>
    public ReadOnlyMemory<byte>? HashAt(ulong position) => throw new NotImplementedException();

    /// <summary>Completes when the head is beyond <paramref name="position"/>.</summary>
    public Task WaitBeyondAsync(ulong position, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Position of the last purge and the last configuration record of every property that ever had one, kept beyond the tail.</summary>
    /// <remarks>Consistent with <see cref="LogWrite.Head"/> of a work when read inside its <see cref="LogWrite.AfterFlush"/>: a node's snapshot is put together there.</remarks>
    public IReadOnlyDictionary<long, PropertyPositions> Positions => throw new NotImplementedException();
}

/// <summary>Carried in snapshots, so that causality (G4) survives retention.</summary>
internal readonly record struct PropertyPositions(ulong LastPurge, ulong LastConfiguration);
