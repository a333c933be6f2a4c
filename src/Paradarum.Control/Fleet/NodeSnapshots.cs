using Google.Protobuf;
using Paradarum.Control.Catalogue;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>Puts together what a node starts from, at one position of the log.</summary>
internal sealed class NodeSnapshots(LogWriter writer, Func<CatalogueSnapshot> catalogue)
{
    /// <summary>Properties of one message are cut off at this size, so that one property more still fits the largest message.</summary>
    private const int PartBytes = 1 << 20;

    /// <summary>Everything as of the durable head. Taken on the writer's thread, where catalogue, positions and head belong together.</summary>
    public Task<IReadOnlyList<SnapshotPart>> TakeAsync(CancellationToken stop)
    {
        // Filled after the flush, read after the task is done: the writer's hand-over orders the two.
        CatalogueSnapshot? properties = null;
        IReadOnlyDictionary<long, PropertyPositions>? positions = null;
        return Take();

        async Task<IReadOnlyList<SnapshotPart>> Take()
        {
            var head = await writer.WriteAsync(
                write =>
                {
                    write.AfterFlush(() => (properties, positions) = (catalogue(), writer.Feed.Positions));
                    return write.Head;
                },
                stop
            );
            return Parts(writer.Feed.Epoch, head, properties!, positions!);
        }
    }

    /// <param name="epoch">Of the log.</param>
    /// <param name="head">What the snapshot is as of.</param>
    /// <param name="catalogue">As of the head.</param>
    /// <param name="positions">Those that go on changing: the last record of a property may be one behind the head by now, of which this snapshot holds nothing.</param>
    internal static List<SnapshotPart> Parts(
        string epoch,
        LogHead head,
        CatalogueSnapshot catalogue,
        IReadOnlyDictionary<long, PropertyPositions> positions
    )
    {
        var hash = ByteString.CopyFrom(head.Hash.Span);
        SnapshotPart NewPart() =>
            new()
            {
                Epoch = epoch,
                Position = head.Position,
                Hash = hash,
            };

        var parts = new List<SnapshotPart> { NewPart() };
        var bytes = 0;
        foreach (var property in catalogue.Properties.Values.OrderBy(property => property.Id))
        {
            var at = positions.TryGetValue(property.Id, out var known) ? known : default;
            var message = new PropertySnapshot
            {
                PropertyId = property.Id,
                Property = property.Configuration.ToMessage(),
                LastPurge = Math.Min(at.LastPurge, head.Position),
                LastConfiguration = Math.Min(at.LastConfiguration, head.Position),
            };
            var size = message.CalculateSize();
            if (bytes > 0 && bytes + size > PartBytes)
            {
                parts.Add(NewPart());
                bytes = 0;
            }
            parts[^1].Properties.Add(message);
            bytes += size;
        }
        parts[^1].Last = true;
        return parts;
    }
}
