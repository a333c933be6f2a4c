using System.Collections.Immutable;

namespace Paradarum.Edge.Serving;

/// <summary>What a node knows of the others and of the keys they share; not ordered with the log.</summary>
/// <param name="Shields">Enabled shields; a PoP chooses among them.</param>
/// <param name="FleetKey">Signs requests between tiers (HMAC-SHA256). Empty: this node sends none and accepts none.</param>
/// <param name="PurgeTokenKey">Checks <c>X-Purge-Position</c>. Empty: every token is ignored.</param>
internal sealed record FleetKnowledge(
    ImmutableArray<ShieldAddress> Shields,
    ReadOnlyMemory<byte> FleetKey,
    ReadOnlyMemory<byte> PurgeTokenKey
)
{
    /// <summary>Opens the keys of certificates. Empty: none can be opened.</summary>
    public ReadOnlyMemory<byte> CertificateKey { get; init; }

    public static readonly FleetKnowledge None = new([], ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty);
}

/// <summary>A shield's id and the base URL at which PoPs reach it, for example <c>http://127.0.0.1:8080</c>.</summary>
internal sealed record ShieldAddress(string Id, Uri Url);

/// <summary>Where that knowledge is published. Written by the control link alone, in one write; requests read it once.</summary>
internal sealed class FleetDirectory
{
    private volatile FleetKnowledge _current = FleetKnowledge.None;

    public FleetKnowledge Current
    {
        get => _current;
        set => _current = value;
    }
}
