using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Catalogue;

/// <summary>A purge of all of a property that a change of it makes.</summary>
/// <param name="AccountId">Whose property it is.</param>
/// <param name="PropertyId">The property.</param>
/// <param name="Hostnames">Active ones before the change: jobs are counted by them.</param>
/// <param name="OnlyNode">The one node that acts on it (the former shield), or null for all.</param>
internal sealed record SystemPurge(long AccountId, long PropertyId, int Hostnames, string? OnlyNode = null);

/// <summary>Appends such a purge inside the change's own write, so that it stands in history like any other. Where purges are kept says how.</summary>
internal delegate void AppendsSystemPurge(LogWrite write, SystemPurge purge);
