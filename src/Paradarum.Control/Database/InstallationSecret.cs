using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Paradarum.Control.Database;

/// <summary>A key of this installation, made by it and kept: signs sign-in tokens.</summary>
internal sealed class InstallationSecret
{
    public const int Length = 32;

    public required string Name { get; init; }

    public required byte[] Value { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<InstallationSecret>
    {
        public void Configure(EntityTypeBuilder<InstallationSecret> builder)
        {
            builder.ToTable("installation_secrets");
            builder.HasKey(secret => secret.Name);
            builder.Property(secret => secret.Name).HasMaxLength(50);
        }
    }
}
