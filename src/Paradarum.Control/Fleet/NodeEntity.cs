using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>A node as it is kept: who it is, how it proves it, and what it may still hold (design section 3, Leases).</summary>
internal sealed class NodeEntity
{
    /// <summary>Chosen by the control plane, never reused.</summary>
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required NodeRole Role { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>SHA-256 of the token that is exchanged once for the credential.</summary>
    public byte[]? EnrolmentDigest { get; set; }

    public DateTimeOffset? EnrolledAt { get; set; }

    /// <summary>SHA-256 of the node's own credential; null before it enrolled.</summary>
    public byte[]? CredentialDigest { get; set; }

    public bool Enabled { get; set; } = true;

    /// <summary>PoPs without traffic follow the log but count for no purge accepted now (contract 1.1).</summary>
    public bool TrafficEnabled { get; set; } = true;

    /// <summary>Being deleted: counts until it has given up its lease or is fenced.</summary>
    public bool Leaving { get; set; }

    /// <summary>Where visitors, or PoPs, reach it; what its last hello said.</summary>
    public string? Url { get; set; }

    /// <summary>The last known state, which counts after a restart of the control plane until every lease would have run out.</summary>
    public bool LastKnownHealthy { get; set; }

    /// <summary>Longest lease it may have been granted, persisted before the grant; 0 when it never connected.</summary>
    public long LongestLeaseMilliseconds { get; set; }

    /// <summary>Longest grace it may have been granted, persisted before the grant.</summary>
    public long LongestGraceMilliseconds { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<NodeEntity>
    {
        public void Configure(EntityTypeBuilder<NodeEntity> builder)
        {
            builder.ToTable("nodes");
            builder.HasKey(node => node.Id);
            builder.Property(node => node.Id).HasMaxLength(64);
            builder.Property(node => node.Name).HasMaxLength(100);
            builder.HasIndex(node => node.EnrolmentDigest).IsUnique();
        }
    }
}
