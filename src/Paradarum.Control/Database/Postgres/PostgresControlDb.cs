using Microsoft.EntityFrameworkCore;

namespace Paradarum.Control.Database;

/// <summary>The same model on PostgreSQL: a type of its own, because migrations belong to one.</summary>
internal sealed class PostgresControlDb(DbContextOptions<PostgresControlDb> options) : ControlDb(options);
