using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>The fleet's rows: statements only, decisions are elsewhere. Runs inside the log's writer.</summary>
internal static class FleetStore
{
    private const string NodeColumns =
        "id, name, role, created_at, enabled, leaving, left_at, enrolment_digest, credential_digest, url, healthy, applied_through, final_through";

    /// <summary>Reads everything, and makes the terms that will be granted durable before anyone is granted them.</summary>
    public static FleetMemory Load(LogWrite write, LogFeed log, LeaseTerms terms)
    {
        var meta = write
            .Query("SELECT name, value FROM fleet_meta", row => (Name: row.GetString(0), Value: row.GetString(1)))
            .ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        var past = new FleetPast(
            meta.GetValueOrDefault("epoch"),
            meta.GetValueOrDefault("lineage"),
            Restored: meta.GetValueOrDefault("restored") == "1",
            Promoted: meta.GetValueOrDefault("promoted") == "1"
        ).On(log.Epochs);
        if (!meta.TryGetValue("fleet_key", out var fleetKey))
            fleetKey = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var longest = new LeaseTerms(Length(meta, "longest_lease"), Length(meta, "longest_grace"));
        var memory = new FleetMemory(
            new FleetStart(write.Head.Position, Number(meta, "complete_through"), longest, past.Restored, past.Promoted),
            [.. write.Query($"SELECT {NodeColumns} FROM fleet_nodes", ReadNode)],
            [.. write.Query("SELECT node_id, instance_id, boot_id, folder_id, started_at, latest FROM fleet_instances", ReadInstance)],
            Convert.FromHexString(fleetKey),
            Number(meta, "shield_frontier"),
            Number(meta, "pop_frontier"),
            [.. ReceiptStore.NewestCompleted(write)],
            ReceiptStore.NewestAcks(write),
            ReceiptStore.NewestCounts(write)
        );
        longest = longest.AtLeast(terms);
        SetMeta(write, "epoch", log.Epoch);
        SetMeta(write, "lineage", log.Lineage);
        SetMeta(write, "restored", past.Restored ? "1" : "0");
        SetMeta(write, "promoted", past.Promoted ? "1" : "0");
        SetMeta(write, "fleet_key", fleetKey);
        SetMeta(write, "longest_lease", Milliseconds(longest.Lease));
        SetMeta(write, "longest_grace", Milliseconds(longest.Grace));
        return memory;
    }

    /// <summary>
    /// A node as the registry made or changed it. Of one that is known only what the registry owns is written, and nothing of one that has left: what the fleet finds out of a
    /// node may have been written meanwhile, and <see cref="SaveFound"/> keeps to its own columns for the same reason.
    /// </summary>
    public static void SaveNode(LogWrite write, NodeRecord node) =>
        write.Execute(
            $"""
            INSERT INTO fleet_nodes ({NodeColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (id) DO UPDATE SET enabled = excluded.enabled, leaving = excluded.leaving,
              enrolment_digest = excluded.enrolment_digest, credential_digest = excluded.credential_digest
            WHERE fleet_nodes.left_at IS NULL
            """,
            node.Id,
            node.Name,
            (int)node.Role,
            node.CreatedAt.ToUnixTimeMilliseconds(),
            node.Enabled ? 1 : 0,
            node.Leaving ? 1 : 0,
            node.LeftAt?.ToUnixTimeMilliseconds(),
            node.EnrolmentDigest,
            node.CredentialDigest,
            node.Url,
            node.Healthy ? 1 : 0,
            (long)node.AppliedThrough,
            (long)node.FinalThrough
        );

    /// <summary>Where a node said that it is reached, and that it has left. Gathered before it is written: what the registry did to the node meanwhile stays.</summary>
    public static void SaveFound(LogWrite write, NodeRecord node)
    {
        write.Execute("UPDATE fleet_nodes SET url = $2 WHERE id = $1", node.Id, node.Url);
        if (node.LeftAt is not { } left)
            return;
        // What it could prove itself by is of no use from here on.
        write.Execute(
            "UPDATE fleet_nodes SET left_at = $2, enrolment_digest = NULL, credential_digest = NULL WHERE id = $1",
            node.Id,
            left.ToUnixTimeMilliseconds()
        );
        ForgetInstances(write, node.Id);
    }

    /// <summary>How far nodes are and whether they are healthy: one statement for all of them, since a purge moves every node of a fleet.</summary>
    public static void SaveProgress(LogWrite write, IReadOnlyList<NodeRecord> nodes) =>
        write.Execute(SayProgress(write.Sql), Progress(nodes));

    /// <summary>Looks up each node by its key, and touches no others.</summary>
    internal static string SayProgress(SqlDialect sql) =>
        $"""
            UPDATE fleet_nodes SET healthy = said.healthy,
              applied_through = CASE WHEN said.applied > applied_through THEN said.applied ELSE applied_through END,
              final_through = CASE WHEN said.final > final_through THEN said.final ELSE final_through END
            FROM (
              SELECT value ->> 0 AS id, CAST(value ->> 1 AS BIGINT) AS healthy, CAST(value ->> 2 AS BIGINT) AS applied, CAST(value ->> 3 AS BIGINT) AS final
              FROM {sql.JsonElements("$1")}) AS said
            WHERE fleet_nodes.id = said.id
            """;

    private static string Progress(IReadOnlyList<NodeRecord> nodes)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            foreach (var node in nodes)
            {
                json.WriteStartArray();
                json.WriteStringValue(node.Id);
                json.WriteNumberValue(node.Healthy ? 1 : 0);
                json.WriteNumberValue((long)node.AppliedThrough);
                json.WriteNumberValue((long)node.FinalThrough);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Makes a process start known before it may be granted anything, and forgets those that it proves dead.</summary>
    public static void SaveInstance(LogWrite write, string nodeId, InstanceFacts facts, IReadOnlyCollection<string> instancesDone)
    {
        foreach (var instance in instancesDone)
            ForgetInstance(write, nodeId, instance);
        write.Execute("UPDATE fleet_instances SET latest = 0 WHERE node_id = $1", nodeId);
        write.Execute(
            """
            INSERT INTO fleet_instances (node_id, instance_id, boot_id, folder_id, started_at, latest) VALUES ($1, $2, $3, $4, $5, 1)
            ON CONFLICT (node_id, instance_id) DO UPDATE SET latest = 1
            """,
            nodeId,
            facts.InstanceId,
            facts.BootId,
            facts.FolderId,
            facts.StartedAt
        );
    }

    /// <summary>It said that it holds no lease: after a restart nobody is to wait for it.</summary>
    public static void ForgetInstance(LogWrite write, string nodeId, string instanceId) =>
        write.Execute("DELETE FROM fleet_instances WHERE node_id = $1 AND instance_id = $2", nodeId, instanceId);

    private static void ForgetInstances(LogWrite write, string nodeId) =>
        write.Execute("DELETE FROM fleet_instances WHERE node_id = $1", nodeId);

    private static NodeRecord ReadNode(DbDataReader row) =>
        new(
            row.GetString(0),
            row.GetString(1),
            (NodeRole)row.GetInt32(2),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)),
            row.GetInt64(4) != 0,
            row.GetInt64(5) != 0,
            row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
            row.IsDBNull(7) ? null : row.GetFieldValue<byte[]>(7),
            row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8),
            row.GetString(9),
            row.GetInt64(10) != 0,
            (ulong)row.GetInt64(11),
            (ulong)row.GetInt64(12)
        );

    private static KnownInstance ReadInstance(DbDataReader row) =>
        new(
            row.GetString(0),
            new InstanceFacts(row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4)),
            row.GetInt64(5) != 0
        );

    public static void SetMeta(LogWrite write, string name, string value) =>
        write.Execute(
            "INSERT INTO fleet_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value
        );

    private static TimeSpan Length(Dictionary<string, string> meta, string name) => TimeSpan.FromMilliseconds(Number(meta, name));

    private static ulong Number(Dictionary<string, string> meta, string name) =>
        meta.TryGetValue(name, out var text) ? ulong.Parse(text, CultureInfo.InvariantCulture) : 0;

    private static string Milliseconds(TimeSpan length) => Text((ulong)Math.Ceiling(length.TotalMilliseconds));

    public static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
