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
    public const int MostHeld = 256;

    /// <summary>Then a held request goes upstream, carrying the position it was promised.</summary>
    public static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(5);

    private int _held;

    /// <summary>Requests that are held now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>The position that an authentic token of this epoch and property names; 0 for anything else, which is ignored.</summary>
    public ulong Read(IHeaderDictionary headers, NodeSnapshot snapshot, long propertyId)
    {
        var key = fleet.Current.PurgeTokenKey;
        return
            headers[HeaderRules.PurgePosition] is [{ Length: > 0 } text]
            && !key.IsEmpty
            && PurgeToken.TryRead(text, key.Span, out var token)
            ? Entrance.Promise(token, snapshot, propertyId)
            : 0;
    }

    /// <summary>
    /// Waits until the promised position is applied, or the node takes up another log, or 5 s are over. The caller then reads the request again: what it is
    /// answered by must be as of then.
    /// </summary>
    public async Task HoldAsync(HttpVisit visit)
    {
        using var late = new CancellationTokenSource(HeldFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, visit.Context.RequestAborted);
        try
        {
            if (Interlocked.Increment(ref _held) > MostHeld)
                return;
            while (true)
            {
                var moved = state.NextMove;
                if (Entrance.IsKept(visit, state.Current))
                    return;
                await moved.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (!visit.Context.RequestAborted.IsCancellationRequested)
        {
            // The 5 s are over: it goes upstream carrying the position.
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }
    }
}
