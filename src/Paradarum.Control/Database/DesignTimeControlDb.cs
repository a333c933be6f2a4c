using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Paradarum.Control.Database;

/// <summary>For <c>dotnet ef migrations add NAME --project src/Paradarum.Control</c>; never used when running.</summary>
internal sealed class DesignTimeControlDb : IDesignTimeDbContextFactory<ControlDb>
{
    public ControlDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<ControlDb>().UseSqlite("Data Source=:memory:").Options);
}
