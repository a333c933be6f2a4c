using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Paradarum.Control.Catalogue;

/// <summary>A hostname as it is kept; it belongs to one property of the installation.</summary>
internal sealed class Hostname
{
    public long Id { get; init; }

    public long PropertyId { get; init; }

    /// <summary>Canonical, without a port.</summary>
    public required string Name { get; init; }

    public required HostnameState State { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Hostname>
    {
        public void Configure(EntityTypeBuilder<Hostname> builder)
        {
            builder.ToTable("hostnames");
            builder.HasIndex(hostname => hostname.Name).IsUnique();
            builder.Property(hostname => hostname.Name).HasMaxLength(253);
        }
    }
}
