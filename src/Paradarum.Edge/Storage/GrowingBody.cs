namespace Paradarum.Edge.Storage;

/// <summary>How a body that is being received stands.</summary>
internal enum BodyState
{
    Growing,
    Complete,
    Broken,
}

/// <summary>The body broke off upstream, or was given up: what was read of it is not a response.</summary>
internal sealed class BodyBrokenException() : Exception("The response body broke off before its end.");

/// <summary>
/// A response body while it arrives: one writer (the fetch), any number of readers (visitors), each at its own position. Kept whole up to a bound,
/// so that it can be stored; beyond the bound, or when it must not be stored, it is a window: the writer waits for the slowest reader,
/// and when the last reader leaves it is abandoned.
/// </summary>
/// <remarks>Memory held: at most <c>bound</c> plus one segment when kept, <c>window</c> plus two segments as a window. Positions are bytes.</remarks>
internal sealed class GrowingBody(long bound, long window)
{
    /// <summary>Below the large-object threshold of 85 000 bytes.</summary>
    private const int LargestSegment = 64 << 10;

    private readonly Lock _gate = new();
    private readonly List<byte[]> _segments = [];
    private readonly List<Reader> _readers = [];
    private int _segmentSize = LargestSegment;
    private long _dropped;
    private long _length;
    private bool _kept = true;
    private BodyState _state = BodyState.Growing;
    private TaskCompletionSource? _changed;
    private TaskCompletionSource? _room;

    /// <summary>Whether every byte is still here: false once it became a window.</summary>
    public bool IsKept
    {
        get
        {
            lock (_gate)
                return _kept;
        }
    }

    public long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>Who takes part at the moment.</summary>
    public int Readers
    {
        get
        {
            lock (_gate)
                return _readers.Count;
        }
    }

    /// <summary>Takes part from the first byte on. Null when earlier bytes are gone or the body broke: too late to join.</summary>
    public Reader? Join()
    {
        lock (_gate)
        {
            if (!_kept || _state == BodyState.Broken)
                return null;
            var reader = new Reader(this);
            _readers.Add(reader);
            return reader;
        }
    }

    /// <summary>Tells the length before the first byte, so that a small body gets one array of its size.</summary>
    public void Expect(long length)
    {
        lock (_gate)
            _segmentSize = (int)Math.Clamp(length, 1, LargestSegment);
        if (length > bound)
            StopKeeping();
    }

    /// <summary>From here on a window: nobody joins, nothing is stored.</summary>
    public void StopKeeping()
    {
        lock (_gate)
        {
            _kept = false;
            DropRead();
        }
    }

    /// <summary>Room for the next bytes. Waits for the slowest reader when the window is full.</summary>
    /// <exception cref="OperationCanceledException">A window whose last reader has left.</exception>
    public async ValueTask<Memory<byte>> RoomAsync(CancellationToken stop)
    {
        while (true)
        {
            Task full;
            lock (_gate)
            {
                if (!_kept && _readers.Count == 0)
                    throw new OperationCanceledException("Nobody reads this body any more.");
                if (_kept || _length - Slowest() < window)
                    return Writable();
                full = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await full.WaitAsync(stop);
        }
    }

    /// <summary>Publishes bytes written into what <see cref="RoomAsync"/> gave.</summary>
    public void Advance(int count)
    {
        lock (_gate)
        {
            _length += count;
            if (_kept && _length > bound)
            {
                _kept = false;
                DropRead();
            }
            Signal(ref _changed);
        }
    }

    public void Complete() => End(BodyState.Complete);

    public void Break() => End(BodyState.Broken);

    /// <summary>The finished body for the store, asked by the writer before <see cref="Complete"/>, so that it is stored when the last byte is seen; null unless kept.</summary>
    /// <param name="unseen">Bytes at its end that are written but not published yet (<see cref="Advance"/>).</param>
    public StoredBody? ToStored(int unseen = 0)
    {
        lock (_gate)
        {
            var length = _length + unseen;
            if (!_kept || _state != BodyState.Growing || length > bound)
                return null;
            if (length == 0)
                return StoredBody.Empty;
            var used = (int)(length - ((_segments.Count - 1L) * _segmentSize));
            // Readers hold positions, not arrays, so the last segment may be replaced by one of the right size.
            if (_segments[^1].Length != used)
                _segments[^1] = _segments[^1].AsSpan(0, used).ToArray();
            return new StoredBody([.. _segments], _segmentSize, length);
        }
    }

    private Memory<byte> Writable()
    {
        var (index, offset) = Math.DivRem(_length, _segmentSize);
        index -= _dropped;
        if (index == _segments.Count)
            _segments.Add(new byte[_segmentSize]);
        return _segments[(int)index].AsMemory((int)offset);
    }

    private long Slowest()
    {
        var slowest = _length;
        foreach (var reader in _readers)
            slowest = Math.Min(slowest, reader.Position);
        return slowest;
    }

    private void DropRead()
    {
        var readable = Slowest() / _segmentSize;
        while (_dropped < readable && _segments.Count > 0)
        {
            _segments.RemoveAt(0);
            _dropped++;
        }
        Signal(ref _room);
    }

    private void End(BodyState state)
    {
        lock (_gate)
        {
            if (_state == BodyState.Growing)
                _state = state;
            Signal(ref _changed);
        }
    }

    private static void Signal(ref TaskCompletionSource? source)
    {
        source?.TrySetResult();
        source = null;
    }

    /// <summary>One visitor's place in the body. Leave it by <see cref="Dispose"/>, whatever happened.</summary>
    internal sealed class Reader(GrowingBody body) : IDisposable, IBodySource
    {
        public long Position { get; private set; }

        /// <summary>The next bytes, at least one; empty at the end. Valid until <see cref="Consume"/>.</summary>
        /// <exception cref="BodyBrokenException">It broke off.</exception>
        public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken stop)
        {
            while (true)
            {
                Task change;
                lock (body._gate)
                {
                    if (Position < body._length)
                        return Available();
                    if (body._state == BodyState.Complete)
                        return ReadOnlyMemory<byte>.Empty;
                    if (body._state == BodyState.Broken)
                        throw new BodyBrokenException();
                    change = (body._changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }
                await change.WaitAsync(stop);
            }
        }

        /// <summary>From any position of a body that is kept; else only onwards from the last one.</summary>
        async ValueTask<ReadOnlyMemory<byte>> IBodySource.ReadAsync(long position, long most, CancellationToken stop)
        {
            lock (body._gate)
            {
                Position = position;
                if (!body._kept)
                    body.DropRead();
            }
            var available = await ReadAsync(stop);
            // It ended before its length: not what its head said.
            if (available.IsEmpty)
                throw new BodyBrokenException();
            return available.Length <= most ? available : available[..(int)most];
        }

        public void Consume(int count)
        {
            lock (body._gate)
            {
                Position += count;
                if (!body._kept)
                    body.DropRead();
            }
        }

        public void Dispose()
        {
            lock (body._gate)
            {
                if (!body._readers.Remove(this))
                    return;
                if (!body._kept)
                    body.DropRead();
            }
        }

        private ReadOnlyMemory<byte> Available()
        {
            var (index, offset) = Math.DivRem(Position, body._segmentSize);
            var segment = body._segments[(int)(index - body._dropped)];
            return segment.AsMemory((int)offset, (int)Math.Min(body._segmentSize - offset, body._length - Position));
        }
    }
}
