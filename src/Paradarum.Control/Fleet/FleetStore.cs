using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Fleet;

/// <summary>A range that is complete, with when.</summary>
internal sealed record Completed(ulong After, ulong Through, DateTimeOffset At, ImmutableArray<string> FencedNodes);

/// <summary>A node acknowledged everything after <paramref name="After"/> up to <paramref name="Through"/> at one moment.</summary>
internal readonly record struct AckRange(string NodeId, ulong After, ulong Through, DateTimeOffset At);

/// <summary>What one node removed for one purge.</summary>
internal readonly record struct CountKey(ulong Position, string NodeId);

/// <summary>Everything the fleet has yet to write, written together: one row for all acknowledgements, however many nodes and purges they cover.</summary>
internal sealed record FleetNews(
    IReadOnlyList<Completed> Completed,
    IReadOnlyList<AckRange> Acks,
    IReadOnlyDictionary<CountKey, PurgeCount> Counts,
    IReadOnlyList<NodeRecord> Nodes,
    ulong ShieldFrontier,
    ulong PopFrontier
);

/// <summary>What a control-plane start reads.</summary>
internal sealed record FleetMemory(
    FleetStart Start,
    ImmutableArray<NodeRecord> Nodes,
    ImmutableArray<KnownInstance> Instances,
    ReadOnlyMemory<byte> FleetKey,
    ulong ShieldFrontier,
    ulong PopFrontier,
    ImmutableArray<Completed> Completed,
    ImmutableArray<AckRange> Acks,
    ImmutableArray<KeyValuePair<CountKey, PurgeCount>> Counts
);

/// <summary>The fleet's rows: statements only, decisions are elsewhere. Runs inside the log's writer.</summary>
internal static class FleetStore
{
    /// <summary>Rows of each kind that a start reads; older ones are looked up when asked for.</summary>
    private const int MostRemembered = 4096;

    private const string NodeColumns =
        "id, name, role, created_at, enabled, leaving, left_at, enrolment_digest, credential_digest, url, healthy, ever_applied";

    /// <summary>Reads everything, and makes the terms that will be granted durable before anyone is granted them.</summary>
    public static FleetMemory Load(LogWrite write, string epoch, LeaseTerms terms)
    {
        var meta = write
            .Query("SELECT name, value FROM fleet_meta", row => (Name: row.GetString(0), Value: row.GetString(1)))
            .ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        // A database whose log got another epoch came from a backup: nodes may hold leases that it knows nothing of.
        var restored = meta.TryGetValue("epoch", out var known) && !string.Equals(known, epoch, StringComparison.Ordinal);
        if (!meta.TryGetValue("fleet_key", out var fleetKey))
            fleetKey = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var longest = new LeaseTerms(Length(meta, "longest_lease"), Length(meta, "longest_grace"));
        var memory = new FleetMemory(
            new FleetStart(write.Head.Position, Number(meta, "complete_through"), longest, restored),
            [.. write.Query($"SELECT {NodeColumns} FROM fleet_nodes", ReadNode)],
            [.. write.Query("SELECT node_id, instance_id, boot_id, folder_id, started_at, latest FROM fleet_instances", ReadInstance)],
            Convert.FromHexString(fleetKey),
            Number(meta, "shield_frontier"),
            Number(meta, "pop_frontier"),
            [.. ReadCompleted(write)],
            [
                .. write
                    .Query(
                        "SELECT ranges FROM fleet_acks ORDER BY through DESC LIMIT $1",
                        row => ReadRanges(row.GetString(0)),
                        MostRemembered
                    )
                    .SelectMany(ranges => ranges),
            ],
            [
                .. write.Query(
                    "SELECT position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final FROM fleet_counts ORDER BY position DESC LIMIT $1",
                    ReadCount,
                    MostRemembered
                ),
            ]
        );
        longest = longest.AtLeast(terms);
        SetMeta(write, "epoch", epoch);
        SetMeta(write, "fleet_key", fleetKey);
        SetMeta(write, "longest_lease", Milliseconds(longest.Lease));
        SetMeta(write, "longest_grace", Milliseconds(longest.Grace));
        return memory;
    }

    public static void SaveNode(LogWrite write, NodeRecord node) =>
        write.Execute(
            $"""
            INSERT INTO fleet_nodes ({NodeColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (id) DO UPDATE SET enabled = excluded.enabled, leaving = excluded.leaving, left_at = excluded.left_at,
              enrolment_digest = excluded.enrolment_digest, credential_digest = excluded.credential_digest, url = excluded.url,
              healthy = excluded.healthy, ever_applied = excluded.ever_applied
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
            (long)node.EverApplied
        );

    /// <summary>Makes a process start known before it may be granted anything, and forgets those that it proves dead.</summary>
    public static void SaveInstance(LogWrite write, string nodeId, InstanceFacts facts, IReadOnlyCollection<string> instancesDone)
    {
        foreach (var instance in instancesDone)
            write.Execute("DELETE FROM fleet_instances WHERE node_id = $1 AND instance_id = $2", nodeId, instance);
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

    public static void ForgetInstances(LogWrite write, string nodeId) =>
        write.Execute("DELETE FROM fleet_instances WHERE node_id = $1", nodeId);

    public static void Save(LogWrite write, FleetNews news)
    {
        foreach (var range in news.Completed)
            write.Execute(
                "INSERT INTO fleet_completions (through, completed_at, fenced) VALUES ($1, $2, $3) ON CONFLICT (through) DO NOTHING",
                (long)range.Through,
                range.At.ToUnixTimeMilliseconds(),
                JsonSerializer.Serialize(range.FencedNodes)
            );
        if (news.Completed.Count > 0)
            SetMeta(write, "complete_through", Text(news.Completed[^1].Through));
        if (news.Acks.Count > 0)
            SaveAcks(write, news.Acks);
        foreach (var (key, count) in news.Counts)
            SaveCount(write, key, count);
        foreach (var node in news.Nodes)
            SaveNode(write, node);
        SetMeta(write, "shield_frontier", Text(news.ShieldFrontier));
        SetMeta(write, "pop_frontier", Text(news.PopFrontier));
    }

    /// <summary>Forgets what belongs to records that retention has dropped.</summary>
    public static void ForgetThrough(LogWrite write, ulong tail)
    {
        write.Execute("DELETE FROM fleet_completions WHERE through <= $1", (long)tail);
        write.Execute("DELETE FROM fleet_acks WHERE through <= $1", (long)tail);
        write.Execute("DELETE FROM fleet_counts WHERE position <= $1", (long)tail);
    }

    /// <summary>The range that holds a position which is no longer remembered.</summary>
    public static Completed? FindCompleted(SqliteConnection reader, ulong position) =>
        Read(
                reader,
                "SELECT through, completed_at, fenced FROM fleet_completions WHERE through >= $1 ORDER BY through LIMIT 1",
                row => ReadCompleted(row, position - 1),
                (long)position
            )
            .FirstOrDefault();

    public static IEnumerable<AckRange> FindAcks(SqliteConnection reader, ulong position) =>
        Read(
                reader,
                "SELECT ranges FROM fleet_acks WHERE through >= $1 AND after < $1 ORDER BY through LIMIT 64",
                row => ReadRanges(row.GetString(0)),
                (long)position
            )
            .SelectMany(ranges => ranges);

    public static IReadOnlyDictionary<CountKey, PurgeCount> FindCounts(SqliteConnection reader, ulong position) =>
        Read(
                reader,
                "SELECT position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final FROM fleet_counts WHERE position = $1",
                ReadCount,
                (long)position
            )
            .ToDictionary();

    private static void SaveAcks(LogWrite write, IReadOnlyList<AckRange> acks)
    {
        var through = (long)acks.Max(range => range.Through);
        var written = write.Query("SELECT count(*) FROM fleet_acks WHERE through = $1", row => row.GetInt64(0), through)[0];
        write.Execute(
            "INSERT INTO fleet_acks (through, written, after, ranges) VALUES ($1, $2, $3, $4)",
            through,
            written,
            (long)acks.Min(range => range.After),
            JsonSerializer.Serialize(acks)
        );
    }

    private static void SaveCount(LogWrite write, CountKey key, PurgeCount count) =>
        write.Execute(
            """
            INSERT INTO fleet_counts (position, node_id, objects, bytes, reclaimed_objects, reclaimed_bytes, widened, final)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (position, node_id) DO UPDATE SET objects = excluded.objects, bytes = excluded.bytes,
              reclaimed_objects = excluded.reclaimed_objects, reclaimed_bytes = excluded.reclaimed_bytes,
              widened = excluded.widened, final = excluded.final
            """,
            (long)key.Position,
            key.NodeId,
            count.Objects,
            count.Bytes,
            count.ReclaimedObjects,
            count.ReclaimedBytes,
            count.Widened ? 1 : 0,
            count.Final ? 1 : 0
        );

    private static List<Completed> ReadCompleted(LogWrite write)
    {
        var newestFirst = write.Query(
            "SELECT through, completed_at, fenced FROM fleet_completions ORDER BY through DESC LIMIT $1",
            row => ReadCompleted(row, 0),
            MostRemembered
        );
        newestFirst.Reverse();
        // The first one's beginning is not known here: it only holds its own position for certain.
        for (var i = 0; i < newestFirst.Count; i++)
            newestFirst[i] = newestFirst[i] with { After = i == 0 ? newestFirst[i].Through - 1 : newestFirst[i - 1].Through };
        return newestFirst;
    }

    private static Completed ReadCompleted(SqliteDataReader row, ulong after) =>
        new(
            after,
            (ulong)row.GetInt64(0),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(1)),
            [.. JsonSerializer.Deserialize<string[]>(row.GetString(2)) ?? []]
        );

    private static AckRange[] ReadRanges(string text) => JsonSerializer.Deserialize<AckRange[]>(text) ?? [];

    private static KeyValuePair<CountKey, PurgeCount> ReadCount(SqliteDataReader row) =>
        KeyValuePair.Create(
            new CountKey((ulong)row.GetInt64(0), row.GetString(1)),
            new PurgeCount
            {
                Position = (ulong)row.GetInt64(0),
                Objects = row.GetInt64(2),
                Bytes = row.GetInt64(3),
                ReclaimedObjects = row.GetInt64(4),
                ReclaimedBytes = row.GetInt64(5),
                Widened = row.GetInt64(6) != 0,
                Final = row.GetInt64(7) != 0,
            }
        );

    private static NodeRecord ReadNode(SqliteDataReader row) =>
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
            (ulong)row.GetInt64(11)
        );

    private static KnownInstance ReadInstance(SqliteDataReader row) =>
        new(
            row.GetString(0),
            new InstanceFacts(row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4)),
            row.GetInt64(5) != 0
        );

    private static List<T> Read<T>(SqliteConnection reader, string sql, Func<SqliteDataReader, T> read, long value)
    {
        using var command = reader.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$1", value);
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read())
            rows.Add(read(row));
        return rows;
    }

    private static void SetMeta(LogWrite write, string name, string value) =>
        write.Execute(
            "INSERT INTO fleet_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value
        );

    private static TimeSpan Length(Dictionary<string, string> meta, string name) => TimeSpan.FromMilliseconds(Number(meta, name));

    private static ulong Number(Dictionary<string, string> meta, string name) =>
        meta.TryGetValue(name, out var text) ? ulong.Parse(text, CultureInfo.InvariantCulture) : 0;

    private static string Milliseconds(TimeSpan length) => Text((ulong)Math.Ceiling(length.TotalMilliseconds));

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
