using Paradarum.Edge.Purging;
using Paradarum.Edge.Storage;

namespace Paradarum.Edge.Serving;

/// <summary>
/// One visitor's way through a large body: reads each slice from the store or from a fetch that others share, and has the next ones fetched while it is sent.
/// Holds one slice at a time, however slow the visitor is. Every slice is judged by the fence when it is come to: one that was purged meanwhile is fetched anew, and
/// joined to what was sent before only under the same strong entity tag (docs/decisions/slices.md).
/// </summary>
internal sealed class SliceReader(EdgeOptions options, NodeState state, SharedFetches fetches, HttpVisit visit, SlicedBody body)
    : IBodySource,
        IDisposable
{
    /// <summary>A slice that breaks off is asked for again so often; the visitor has waited for much more than that.</summary>
    private const int MostTries = 3;

    private SliceId? _current;
    private IBodySource? _source;
    private GrowingBody.Reader? _reader;

    /// <summary>How the last fetch came out that brought no slice.</summary>
    public FlightHead? Failed { get; private set; }

    /// <summary>The slice that is being read came from upstream.</summary>
    public bool IsFetched => _reader is not null;

    /// <summary>Comes to the slice that holds a position. False: it can't be had, see <see cref="Failed"/>.</summary>
    /// <param name="position">In the body.</param>
    /// <param name="until">Slices from here on are not wanted.</param>
    /// <param name="stop">The visitor left.</param>
    public async ValueTask<bool> OpenAsync(long position, long until, CancellationToken stop)
    {
        Close();
        var slice = SliceId.At(body, position, options.SliceBytes);
        while (_source is null)
        {
            if (Stored(slice) is { } held)
            {
                EvictionQueue.Hit(held);
                _source = held.Body;
            }
            else if (await FetchAsync(slice, stop) is { } failed)
            {
                Failed = failed;
                return false;
            }
        }
        _current = slice;
        FetchAhead(slice, until);
        return true;
    }

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (_current is not { } held || position < held.First || position >= held.First + held.Count)
                {
                    if (!await OpenAsync(position, position + most, stop))
                        throw new BodyBrokenException();
                }
                var slice = _current!;
                var offset = position - slice.First;
                return await _source!.ReadAsync(offset, Math.Min(most, slice.Count - offset), stop);
            }
            catch (BodyBrokenException) when (tries < MostTries && Failed is null or { End: FlightEnd.Failed })
            {
                Close();
            }
        }
    }

    public void Dispose() => Close();

    /// <summary>Joins or begins a fetch of the slice. Null: it is the source now, or was stored meanwhile; else why it brought none.</summary>
    private async ValueTask<FlightHead?> FetchAsync(SliceId slice, CancellationToken stop)
    {
        if (!Joining.IsAlone(visit, round: 0))
        {
            var shared = await fetches.JoinOrBeginAsync(
                visit,
                about: null,
                visit.Shared with
                {
                    Slice = slice,
                },
                () => Stored(slice) is not null
            );
            if (shared is not { } fetch)
                return null;
            var head = await TakeAsync(fetch.Flight, fetch.Reader, fetch.Leads, stop);
            if (head is { End: FlightEnd.Stored })
                return null;
            if (head is not { End: FlightEnd.Response })
                return head;
        }
        var alone = fetches.BeginAlone(visit, about: null, slice);
        return await TakeAsync(alone.Flight, alone.Reader, leads: true, stop);
    }

    /// <summary>Null: it is the source now. A response: it is meant for another visitor alone. Else it failed.</summary>
    private async ValueTask<FlightHead?> TakeAsync(Flight flight, GrowingBody.Reader reader, bool leads, CancellationToken stop)
    {
        // Held from here on, so that it is left whatever happens.
        _reader = reader;
        var head = await flight.Head.WaitAsync(stop);
        if (head.End == FlightEnd.Response && (leads || head.Shareable))
        {
            _source = reader;
            return null;
        }
        Close();
        return head;
    }

    private void FetchAhead(SliceId slice, long until)
    {
        if (Joining.IsAlone(visit, round: 0))
            return;
        for (var i = 1; i <= options.SlicesAhead; i++)
        {
            var first = slice.First + ((long)i * options.SliceBytes);
            if (first >= Math.Min(until, body.Length))
                return;
            var next = SliceId.At(body, first, options.SliceBytes);
            if (Stored(next) is null)
                fetches.InBackground(visit, about: null, visit.Shared with { Slice = next }, () => Stored(next) is not null);
        }
    }

    /// <summary>A slice that is stored and that no purge took; none for a visit that is behind a purge, however the head came (G4).</summary>
    private StoredResponse? Stored(SliceId slice)
    {
        if (visit.UsesNoStore)
            return null;
        // Before the slice is found, as ever: a rule that retires in between has taken the slice out.
        var current = state.Current;
        if (state.Index.Find(visit.Property.Id, visit.Key)?.FindSlice(slice) is not StoredResponse held)
            return null;
        var verdict = Fence.Test(current, held);
        if (verdict.MayBeUsed)
            return held;
        state.Remove(held, verdict);
        return null;
    }

    private void Close()
    {
        _reader?.Dispose();
        (_current, _source, _reader) = (null, null, null);
    }
}
