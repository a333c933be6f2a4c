using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Catalogue;

/// <summary>Why a change of a property must be followed by a purge of all of it (design section 2).</summary>
internal enum ForgetReason
{
    None,
    LeftActive,
    HostnameLeftActive,
    KeyChanged,
}

/// <summary>Whether what nodes hold still means the same after a change.</summary>
internal static class CacheMeaning
{
    public static ForgetReason Forgets(PropertyConfiguration before, PropertyConfiguration after)
    {
        if (before.State == PropertyState.Active && after.State != PropertyState.Active)
            return ForgetReason.LeftActive;
        var active = after.Hostnames.Where(hostname => hostname.Active).Select(hostname => hostname.Name).ToHashSet(StringComparer.Ordinal);
        if (before.Hostnames.Any(hostname => hostname.Active && !active.Contains(hostname.Name)))
            return ForgetReason.HostnameLeftActive;
        // The order of the named parameters means nothing: the request's own order is kept in the key.
        var sameKey =
            before.QueryMode.Kind == after.QueryMode.Kind
            && before.QueryMode.Values.ToHashSet(StringComparer.Ordinal).SetEquals(after.QueryMode.Values);
        return sameKey ? ForgetReason.None : ForgetReason.KeyChanged;
    }

    /// <summary>The selected shield that no longer is one for this property: it would keep, unasked, what a later choice would bring back (contract part 3, shield change).</summary>
    public static string? FormerShield(PropertyConfiguration before, PropertyConfiguration after) =>
        before is { ShieldEnabled: true, ShieldId: { } former }
        && !(after.ShieldEnabled && string.Equals(after.ShieldId, former, StringComparison.Ordinal))
            ? former
            : null;
}
