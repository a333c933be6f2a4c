using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Paradarum.Control.Access;

/// <summary>Whom properties, keys and users belong to.</summary>
internal sealed class Account
{
    public long Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The account that runs the installation: fleet and suspension are its alone.</summary>
    public required bool IsOperator { get; init; }

    /// <summary>Its users can't sign in, its keys and sessions open nothing. What its properties serve is not touched by it.</summary>
    public bool IsSuspended { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public Account Suspended(bool suspended) =>
        new()
        {
            Id = Id,
            Name = Name,
            IsOperator = IsOperator,
            IsSuspended = suspended,
            CreatedAt = CreatedAt,
        };

    internal sealed class Mapping : IEntityTypeConfiguration<Account>
    {
        public void Configure(EntityTypeBuilder<Account> builder)
        {
            builder.ToTable("accounts");
            builder.Property(account => account.Name).HasMaxLength(AccountOrder.LongestName);
        }
    }
}

/// <summary>Someone who signs in with an e-mail address and a password.</summary>
internal sealed class User
{
    public long Id { get; init; }

    public required long AccountId { get; init; }

    /// <summary>In lower case: addresses are compared without regard to it.</summary>
    public required string Email { get; init; }

    /// <summary>As ASP.NET Core Identity's hasher writes it: format, salt, iterations, digest.</summary>
    public required string PasswordHash { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public User WithPassword(string hash) =>
        new()
        {
            Id = Id,
            AccountId = AccountId,
            Email = Email,
            PasswordHash = hash,
            CreatedAt = CreatedAt,
        };

    internal sealed class Mapping : IEntityTypeConfiguration<User>
    {
        public void Configure(EntityTypeBuilder<User> builder)
        {
            builder.ToTable("users");
            builder.HasIndex(user => user.Email).IsUnique();
            builder.HasOne<Account>().WithMany().HasForeignKey(user => user.AccountId);
            builder.Property(user => user.Email).HasMaxLength(UserOrder.LongestEmail);
        }
    }
}
