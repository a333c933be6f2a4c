using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Edge.Serving;

/// <summary>
/// <c>X-Purge-Position</c> (contract part 2): a visitor who names a purge is answered with bytes from after it. A node that has not applied it yet holds the
/// request for up to 5 s, then sends it upstream carrying that position.
/// </summary>
internal sealed class Promises(NodeState state, FleetDirectory fleet, TimeProvider time)
{
    /// <summary>Requests held at once; beyond it they go upstream at once, which is as true.</summary>
    private const int MostHeld = 256;

    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private int _held;

    /// <summary>The position that an authentic token of this epoch and property names; 0 for anything else, which is ignored.</summary>
    public ulong Read(IHeaderDictionary headers, NodeSnapshot snapshot, long propertyId)
    {
        var key = fleet.Current.PurgeTokenKey;
        return
            headers[HeaderRules.PurgePosition] is [{ Length: > 0 } text]
            && !key.IsEmpty
            && PurgeToken.TryRead(text, key.Span, out var token)
            && token.Epoch == snapshot.Epoch
            && token.PropertyId == propertyId
            ? token.Position
            : 0;
    }

    /// <summary>Waits until the promised position is applied, and gives the visit as of then; after 5 s as of whatever is applied, to go upstream.</summary>
    public async Task<Visit> KeepAsync(Visit visit)
    {
        if (Interlocked.Increment(ref _held) > MostHeld)
        {
            Interlocked.Decrement(ref _held);
            return visit;
        }
        try
        {
            var until = time.GetUtcNow() + HeldFor;
            while (state.Current.Position < visit.Promised && time.GetUtcNow() < until)
                await Task.Delay(Step, time, visit.Context.RequestAborted);
            return state.Current is var now && now.Properties.TryGetValue(visit.Property.Id, out var property)
                ? visit.AsOf(now, property)
                : visit;
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }
    }
}
