using Paradarum.Control.Audit;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Purging;
using Paradarum.Control.Webhooks;

namespace Paradarum.Control;

/// <summary>The tables of every folder that has some of its own beside the log's; EF Core's entities bring theirs (<see cref="Database.Schema"/>).</summary>
internal static class DurableTables
{
    public static readonly IReadOnlyList<SchemaPart> Parts = [FleetSchema.Part, PurgeSchema.Part, AuditTrail.Part, WebhookSchema.Part];
}
