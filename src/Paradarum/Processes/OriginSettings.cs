using Paradarum.Options;
using Paradarum.Protocol.Addresses;

namespace Paradarum.Processes;

/// <summary>Where origins may lead: the same setting of <c>control</c>, which refuses addresses, and of <c>edge</c>, which refuses connections.</summary>
internal static class OriginSettings
{
    public const string Name = "origins-allow";

    public static readonly SettingKind<AllowedAddresses> Kind = SettingKinds.OneOf(
        ("none", AllowedAddresses.None),
        ("loopback", AllowedAddresses.Loopback),
        ("private", AllowedAddresses.Private),
        ("any", AllowedAddresses.Any)
    );

    public static readonly Setting<AllowedAddresses> Allow = new(
        Name,
        "none|loopback|private|any",
        "Where origins may lead besides public addresses; each word includes the one before, any is link-local too. Accounts can then reach what the nodes can.",
        Kind,
        "none"
    );
}
