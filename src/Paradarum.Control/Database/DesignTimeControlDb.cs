using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Paradarum.Control.Database;

/// <summary>For <c>dotnet ef migrations add NAME --context ControlDb</c>; never used when running.</summary>
internal sealed class DesignTimeControlDb : IDesignTimeDbContextFactory<ControlDb>
{
    public ControlDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<ControlDb>().UseSqlite("Data Source=:memory:").Options);
}

/// <summary>For <c>dotnet ef migrations add NAME --context PostgresControlDb --output-dir Database/Postgres/Migrations</c>.</summary>
internal sealed class DesignTimePostgresControlDb : IDesignTimeDbContextFactory<PostgresControlDb>
{
    public PostgresControlDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresControlDb>().UseNpgsql("Host=localhost").Options);
}
