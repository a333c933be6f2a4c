using System.Collections.Immutable;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Paradarum.Control.Access;

/// <summary>An API key as it is kept: never the key itself. The same objects are what <see cref="KeyRing"/> holds in memory.</summary>
internal sealed class ApiKey
{
    private long _lastUsedAt;

    public long Id { get; init; }

    public required long AccountId { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the key's text.</summary>
    public required byte[] Digest { get; init; }

    /// <summary>The key's first 8 characters, shown in lists and history.</summary>
    public required string KeyPrefix { get; init; }

    public required KeyScope Scope { get; init; }

    /// <summary>The only properties it may touch, as numbers with commas between; null when it is not restricted.</summary>
    public required string? PropertyIds { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Unix milliseconds of its last use, 0 for never. The one field that changes in memory; <see cref="KeyUse"/> writes it down.</summary>
    public long LastUsedAt
    {
        get => Volatile.Read(ref _lastUsedAt);
        init => _lastUsedAt = value;
    }

    public DateTimeOffset? LastUsed => LastUsedAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(LastUsedAt);

    /// <summary>Remembers a use to the second, so that a busy key writes to shared memory once a second and not once a request.</summary>
    public void Used(DateTimeOffset now)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        if (milliseconds - Volatile.Read(ref _lastUsedAt) >= 1000)
            Volatile.Write(ref _lastUsedAt, milliseconds);
    }

    public ImmutableArray<long> OnlyProperties() =>
        PropertyIds is null ? default : [.. PropertyIds.Split(',').Select(id => long.Parse(id, CultureInfo.InvariantCulture))];

    public static string? Written(IReadOnlyCollection<long>? onlyProperties) =>
        onlyProperties is null ? null : string.Join(',', onlyProperties);

    public ApiKey Revoked(DateTimeOffset now) =>
        new()
        {
            Id = Id,
            AccountId = AccountId,
            Name = Name,
            Digest = Digest,
            KeyPrefix = KeyPrefix,
            Scope = Scope,
            PropertyIds = PropertyIds,
            CreatedAt = CreatedAt,
            LastUsedAt = LastUsedAt,
            RevokedAt = now,
        };

    internal sealed class Mapping : IEntityTypeConfiguration<ApiKey>
    {
        public void Configure(EntityTypeBuilder<ApiKey> builder)
        {
            builder.ToTable("api_keys");
            builder.HasIndex(key => key.Digest).IsUnique();
            builder.HasIndex(key => key.AccountId);
            builder.HasOne<Account>().WithMany().HasForeignKey(key => key.AccountId);
            builder.Property(key => key.Name).HasMaxLength(ApiKeys.LongestName);
            builder.Property(key => key.KeyPrefix).HasMaxLength(KeyText.PrefixLength);
            builder.Ignore(key => key.LastUsed);
        }
    }
}
