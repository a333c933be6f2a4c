using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Purging;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Tokens;

namespace Paradarum.Edge.Serving;

/// <summary>Who is let in, decided without I/O: whose host it is, what a shield must not answer (G4), which promise counts.</summary>
internal static class Entrance
{
    /// <summary>The property that a request belongs to in a snapshot, or why it goes no further.</summary>
    /// <param name="snapshot">What the request is decided by.</param>
    /// <param name="host">Canonical.</param>
    /// <param name="tier">What the PoP said, on a shield; null on a PoP.</param>
    /// <param name="view">The host in that snapshot.</param>
    /// <param name="property">Whose it is.</param>
    public static DoorRefusal? Refuses(
        NodeSnapshot snapshot,
        string host,
        TierRequest? tier,
        [NotNull] out HostView? view,
        [NotNull] out PropertyView? property
    )
    {
        (view, property) = (null!, null!);
        if (tier is not null && Disagreement(snapshot, host, tier) is { } disagreement)
            return disagreement;
        if (!snapshot.Hosts.TryGetValue(host, out view) || !view.Active || !snapshot.Properties.TryGetValue(view.PropertyId, out property!))
        {
            (view, property) = (null!, null!);
            return DoorRefusal.UnknownHost;
        }
        return property.Configuration.State is PropertyState.Disabled or PropertyState.Suspended
            ? DoorRefusal.NotServed(property.Configuration.State)
            : null;
    }

    /// <summary>The position that an authentic token promises a visitor of this epoch and property; 0 for another one's, which is ignored.</summary>
    public static ulong Promise(PurgeToken token, NodeSnapshot snapshot, long propertyId) =>
        token.Epoch == snapshot.Epoch && token.PropertyId == propertyId ? token.Position : 0;

    /// <summary>Whether a request that waits for its promise need wait no longer: it is applied, or the node took up another log.</summary>
    public static bool IsKept(Visit visit, NodeSnapshot current) =>
        current.Position >= visit.Promised || current.Epoch != visit.Snapshot.Epoch;

    /// <summary>What a shield must not answer, so that the PoP asks elsewhere: another log, an older configuration, another owner of the host.</summary>
    private static DoorRefusal? Disagreement(NodeSnapshot snapshot, string host, TierRequest tier)
    {
        // Two that follow none agree on nothing.
        if (tier.Epoch.Length == 0 || tier.Epoch != snapshot.Epoch)
            return DoorRefusal.Tier("epoch", "This shield follows another log.");
        if (tier.LastConfiguration > snapshot.Position)
            return DoorRefusal.Tier("configuration", "This shield has an older configuration of the property.");
        if (!snapshot.Hosts.TryGetValue(host, out var view) || view.PropertyId != tier.PropertyId)
            return DoorRefusal.Tier("property", "This shield knows the host as another property's.");
        return null;
    }
}

/// <summary>Why a request goes no further: the status and sentence for the visitor, and the reason for a PoP that may ask elsewhere.</summary>
internal sealed record DoorRefusal(int Status, string Sentence, string? ToPop = null)
{
    public static readonly DoorRefusal UnknownHost = new(
        StatusCodes.Status421MisdirectedRequest,
        "This host is not served here: it is unknown, or its validation is pending."
    );

    public static readonly DoorRefusal Misdirected = new(
        StatusCodes.Status421MisdirectedRequest,
        "This connection was opened for another host, whose certificate is not this host's: open another one."
    );

    public static readonly DoorRefusal NotOfThisFleet = new(
        StatusCodes.Status403Forbidden,
        "This is an Origin Shield: it answers only the PoPs of its fleet.",
        "unauthenticated"
    );

    public static DoorRefusal NotServed(PropertyState state) =>
        new(
            StatusCodes.Status403Forbidden,
            state == PropertyState.Suspended ? "This property is currently suspended." : "This property is currently disabled."
        );

    public static DoorRefusal Tier(string reason, string sentence) => new(StatusCodes.Status409Conflict, sentence, reason);
}
