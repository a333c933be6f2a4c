using Google.Protobuf;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Link;

namespace Paradarum.Edge.ControlLink;

/// <summary>What one stream is told of applied positions and of what purges removed. Used by one task.</summary>
internal sealed class Acknowledgements
{
    private readonly NodeState _state;
    private readonly RecentCounts _recent;

    // What the stream before this one said may not have been heard.
    private bool _sayAgain = true;
    private ulong _saidFinalThrough;

    public Acknowledgements(NodeState state, RecentCounts recent)
    {
        (_state, _recent) = (state, recent);
        recent.Opened();
    }

    /// <summary>Everything up to a position is applied.</summary>
    public NodeMessage Of(ulong position, ReadOnlyMemory<byte> hash)
    {
        var counts = NewCounts(out var finalThrough);
        return Message(position, hash, counts, finalThrough);
    }

    /// <summary>What a sweep found since, when there is nothing to acknowledge; null when it found nothing.</summary>
    public NodeMessage? OfNewCounts(NodeCursor applied)
    {
        var counts = NewCounts(out var finalThrough);
        return counts.Count > 0 || Math.Min(finalThrough, applied.Position) > _saidFinalThrough
            ? Message(applied.Position, applied.Hash, counts, finalThrough)
            : null;
    }

    /// <summary>A heartbeat is sent after what was said so far.</summary>
    public void Beaten(ulong heartbeat) => _recent.Beaten(heartbeat);

    /// <summary>A heartbeat was answered, so what was said before it was heard.</summary>
    public void Heard(ulong heartbeat) => _recent.Heard(heartbeat);

    /// <summary>Everything was dropped: what older purges removed is over.</summary>
    public void Forget() => _recent.Forget();

    private NodeMessage Message(ulong position, ReadOnlyMemory<byte> hash, IReadOnlyCollection<PurgeCount> counts, ulong finalThrough)
    {
        _saidFinalThrough = Math.Min(finalThrough, position);
        return new NodeMessage
        {
            Ack = new Ack
            {
                Position = position,
                Hash = ByteString.CopyFrom(hash.Span),
                Counts = { counts },
                FinalThrough = _saidFinalThrough,
            },
        };
    }

    private IReadOnlyCollection<PurgeCount> NewCounts(out ulong finalThrough)
    {
        var counts = _state.TakeCounts(out finalThrough);
        _recent.Remember(counts);
        finalThrough = Math.Min(finalThrough, _recent.FinalAtMost);
        if (!_sayAgain)
            return counts;
        _sayAgain = false;
        return _recent.SayAgain();
    }
}
