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
        return sameKey && SameKeysOfRules(before, after) ? ForgetReason.None : ForgetReason.KeyChanged;
    }

    /// <summary>
    /// Rules that leave the key alone may come and go. Where one does not, which paths it gets depends on every rule before it: any change of what matches in which
    /// order counts.
    /// </summary>
    private static bool SameKeysOfRules(PropertyConfiguration before, PropertyConfiguration after)
    {
        static bool TouchesKey(CacheRule rule) => !rule.Key.Equals(KeyParts.None);
        if (!before.CacheRules.Any(TouchesKey) && !after.CacheRules.Any(TouchesKey))
            return true;
        return before
            .CacheRules.Select(rule => (rule.Pattern, rule.Match, rule.Key))
            .SequenceEqual(after.CacheRules.Select(rule => (rule.Pattern, rule.Match, rule.Key)));
    }

    /// <summary>The selected shield that no longer is one for this property: it would keep, unasked, what a later choice would bring back (contract part 3, shield change).</summary>
    public static string? FormerShield(PropertyConfiguration before, PropertyConfiguration after) =>
        before is { ShieldEnabled: true, ShieldId: { } former }
        && !(after.ShieldEnabled && string.Equals(after.ShieldId, former, StringComparison.Ordinal))
            ? former
            : null;
}
