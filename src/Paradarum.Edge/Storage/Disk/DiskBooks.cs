using System.Collections.Concurrent;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>
/// Where each entry stands between memory and disk, decided without I/O. Whoever takes an entry out of the index tells it first, under whatever lock it holds; the one writer takes from it what
/// is to be written and what is gone. So whatever left the index before a sweep ended is here before the durable cursor is made from that sweep.
/// </summary>
/// <param name="health">Whether the disk is written to.</param>
/// <param name="largest">Bytes of a body; larger ones are kept in memory alone, since one of them would drive out much of the disk.</param>
/// <param name="wake">Called when something waits to be written.</param>
internal sealed class DiskBooks(DiskHealth health, long largest, Action wake)
{
    /// <summary>Bytes of memory of entries that may wait to be written; beyond them responses are kept in memory alone.</summary>
    public const long MostQueuedBytes = 64 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<QueuedEntry> _queue = new();
    private readonly ConcurrentQueue<DiskBody> _gone = new();
    private long _queuedBytes;
    private long _headBytes;

    /// <summary>Memory of heads whose bytes are on disk alone.</summary>
    public long HeadBytes => Volatile.Read(ref _headBytes);

    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Before an entry is put into the index: then nobody takes it out unseen.</summary>
    public void Open(StoredResponse entry) => entry.Disk = new DiskPlace(this);

    /// <summary>An entry that was found on disk at the start.</summary>
    public void Open(StoredResponse entry, DiskBody body)
    {
        entry.Disk = new DiskPlace(this) { Body = body, CountsAsHead = true };
        Interlocked.Add(ref _headBytes, entry.HeadSize);
    }

    /// <summary>An entry is in the index: it is to be written, when the disk keeps up.</summary>
    /// <param name="entry">Stored in memory, or, after a 304, a new head for bytes that are on disk.</param>
    /// <param name="former">Those it takes the place of: one of them may have the same bytes.</param>
    /// <returns>False: its bytes are on disk alone, and its head will not be: nothing keeps them there, so it is to leave the index.</returns>
    public bool Offer(StoredResponse entry, ReadOnlySpan<StoredEntry> former)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            var shared = entry.Body.OnDisk ?? SharedWith(entry, former);
            if (entry.Body.OnDisk is { } onDisk)
            {
                // Its bytes are there, whether or not its head will be.
                place.Body = onDisk.Under(otherHead: -1, headBytes: 0);
                Count(entry, place);
            }
            if (place.HasLeft)
            {
                Uncount(entry, place);
                return true;
            }
            if (place.Body is { Segment.IsGone: true })
            {
                health.Skipped();
                return false;
            }
            // A head alone waits also while writes rest.
            var takes = place.Body is null ? entry.Size : entry.HeadSize;
            var fits =
                _queuedBytes + takes <= MostQueuedBytes && (place.Body is not null || (health.MayWrite && entry.Body.Length <= largest));
            if (!fits)
            {
                health.Skipped();
                return place.Body is null;
            }
            place.IsOnItsWay = true;
            _queuedBytes += takes;
            _queue.Enqueue(new QueuedEntry(entry, entry.Body, shared, takes));
        }
        wake();
        return true;
    }

    /// <summary>An entry leaves the index, for whatever reason. Called before it is out, possibly more than once.</summary>
    public void Leave(StoredResponse entry)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            if (place.HasLeft)
                return;
            place.HasLeft = true;
            Uncount(entry, place);
            if (place.Body is { Head: >= 0 } body)
                _gone.Enqueue(body);
        }
    }

    /// <summary>Memory needs the room of an entry. True: its bytes are on disk, or will be shortly, and the entry stays in the index; false: it has nowhere else to be.</summary>
    public bool TakesOver(StoredResponse entry)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            if (place.Body is { } body)
            {
                entry.Hold(new StoredBody(body));
                Count(entry, place);
                return true;
            }
            return place.IsOnItsWay && (place.IsAwaited = true);
        }
    }

    /// <summary>An entry's bytes were read back. True for the one caller that gives them to it.</summary>
    public bool TryHold(StoredResponse entry, StoredBody bytes)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            place.WasRead = true;
            if (place.HasLeft || entry.Body.IsInMemory)
                return false;
            entry.Hold(bytes);
            Uncount(entry, place);
            return true;
        }
    }

    /// <summary>It was asked for while its bytes were on disk.</summary>
    public static void WasRead(StoredResponse entry) => entry.Disk!.WasRead = true;

    /// <summary>The next entry to be written; null when none waits. For the writer, which says afterwards how it came out: <see cref="Written"/> or <see cref="Forget"/>.</summary>
    public QueuedEntry? Next()
    {
        lock (_gate)
        {
            while (_queue.TryDequeue(out var next))
            {
                _queuedBytes -= next.Takes;
                // Else it is settled already: its segment went meanwhile.
                if (next.Entry.Disk!.IsOnItsWay)
                    return next;
            }
            return null;
        }
    }

    /// <summary>An entry is written. When it left meanwhile, that is undone. For the writer.</summary>
    public void Written(StoredResponse entry, DiskBody body)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            Move(place, body);
            (place.IsOnItsWay, place.WasRead) = (false, false);
            if (place.HasLeft)
            {
                _gone.Enqueue(body);
                return;
            }
            if (place.IsAwaited || !entry.Body.IsInMemory)
            {
                entry.Hold(new StoredBody(body));
                Count(entry, place);
            }
            place.IsAwaited = false;
        }
    }

    /// <summary>An entry could not be written, or its segment goes. False: its bytes are nowhere any more, and it is to leave the index. For the writer.</summary>
    public bool Forget(StoredResponse entry)
    {
        var place = entry.Disk!;
        lock (_gate)
        {
            var awaited = place.IsAwaited;
            Move(place, to: null);
            (place.IsOnItsWay, place.IsAwaited) = (false, false);
            return entry.Body.IsInMemory && !awaited;
        }
    }

    /// <summary>What is written and has left the index since; null when there is nothing. For the writer.</summary>
    public DiskBody? NextGone() => _gone.TryDequeue(out var body) ? body : null;

    public bool HasWork => !_gone.IsEmpty || QueuedBytes > 0 || _queue.Count > 0;

    /// <summary>A head that is no entry's any more is to be removed, or a start would find it, and take it for tested through a cursor that it was not tested for.</summary>
    private void Move(DiskPlace place, DiskBody? to)
    {
        if (place.Body is { Head: >= 0 } former)
            _gone.Enqueue(former);
        place.Body = to;
    }

    /// <summary>After a 304 the bytes are those of the response that it renewed: they are not written twice.</summary>
    private static DiskBody? SharedWith(StoredResponse entry, ReadOnlySpan<StoredEntry> former)
    {
        foreach (var other in former)
        {
            if (other is StoredResponse { Disk.Body: { } body } held && held.Body.Is(entry.Body))
                return body;
        }
        return null;
    }

    private void Count(StoredResponse entry, DiskPlace place)
    {
        if (place.CountsAsHead || place.HasLeft)
            return;
        place.CountsAsHead = true;
        Interlocked.Add(ref _headBytes, entry.HeadSize);
    }

    private void Uncount(StoredResponse entry, DiskPlace place)
    {
        if (!place.CountsAsHead)
            return;
        place.CountsAsHead = false;
        Interlocked.Add(ref _headBytes, -entry.HeadSize);
    }
}

/// <summary>An entry that waits to be written.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Bytes">Its body when it was offered: in memory, or on disk already.</param>
/// <param name="Shared">Where the same bytes lie already; null: nowhere.</param>
/// <param name="Takes">Bytes of memory that it counts for meanwhile.</param>
internal sealed record QueuedEntry(StoredResponse Entry, StoredBody Bytes, DiskBody? Shared, long Takes);
