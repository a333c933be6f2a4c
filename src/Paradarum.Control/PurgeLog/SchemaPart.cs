using System.Collections.Immutable;

namespace Paradarum.Control.PurgeLog;

/// <summary>
/// The tables of one folder in the one database: steps that are only ever added to, so that the version of a part is the number of its steps.
/// SQL that SQLite and PostgreSQL share. A database whose part has more steps than this program knows is refused at start.
/// </summary>
/// <param name="Name">Key in <c>schema_parts</c>; never changes.</param>
/// <param name="Steps">One statement each, applied in order, once, in one transaction with the number that says so.</param>
internal sealed record SchemaPart(string Name, ImmutableArray<string> Steps);
