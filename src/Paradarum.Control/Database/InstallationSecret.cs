using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Database;

/// <summary>A key of this installation, made at its first start and kept: signs sign-in tokens, purge tokens, requests between tiers.</summary>
internal sealed class InstallationSecret
{
    public const int Length = 32;

    public required string Name { get; init; }

    public required byte[] Value { get; init; }

    /// <summary>The named key, made and durable before it is given out when there is none yet.</summary>
    public static Task<byte[]> GetOrCreateAsync(LogWriter writer, string name, CancellationToken stop) =>
        writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var secrets = db.Set<InstallationSecret>();
                if (secrets.Find(name) is { } kept)
                    return kept.Value;
                var made = new InstallationSecret { Name = name, Value = RandomNumberGenerator.GetBytes(Length) };
                secrets.Add(made);
                db.SaveChanges();
                return made.Value;
            },
            stop
        );

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
