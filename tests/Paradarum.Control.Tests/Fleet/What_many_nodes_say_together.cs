using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Paradarum.Control.Fleet;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Link;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>A purge moves every node of a fleet: 5 000 acknowledgements are one row and one statement, not one for each of them.</summary>
public sealed class What_many_nodes_say_together
{
    private const int Many = 5_000;

    [Fact]
    public async Task Is_written_together_and_never_goes_back()
    {
        using var folder = new TemporaryFolder();
        await using var writer = Open(folder.Path);
        NodeRecord[] nodes = [.. Enumerable.Range(0, Many).Select(n => Node(n, applied: 0, final: 0))];
        await RegisterAsync(writer, nodes);

        await SaveAsync(writer, [.. Enumerable.Range(0, Many).Select(n => Node(n, applied: 7, final: (ulong)(n % 5)))]);
        await SaveAsync(
            writer,
            [Node(3, applied: 2, final: 9) with { Name = "renamed", Healthy = false }, Node(Many, applied: 1, final: 1)]
        );

        var known = (await LoadAsync(writer)).Nodes.ToDictionary(node => node.Id, StringComparer.Ordinal);
        known.Count.ShouldBe(Many, "one that is not registered does not come to be so");
        known["node-3"].ShouldBe(Node(3, applied: 7, final: 9) with { Healthy = false });
        known["node-4"].ShouldBe(Node(4, applied: 7, final: 4));
        known[$"node-{Many - 1}"].AppliedThrough.ShouldBe(7UL);
    }

    [Fact]
    [Trait("Engine", "SQLite")]
    public async Task Is_looked_up_by_the_key_of_each_node()
    {
        using var folder = new TemporaryFolder();
        await using var writer = Open(folder.Path);
        await RegisterAsync(writer, Node(1, 0, 0));
        using var reader = writer.OpenReader();
        var plan = reader.Rows("EXPLAIN QUERY PLAN " + FleetStore.SayProgress(SqlDialect.Sqlite), row => row.GetString(3), "[]");
        plan.ShouldContain(step => step.StartsWith("SEARCH fleet_nodes USING INDEX", StringComparison.Ordinal), string.Join("; ", plan));
        plan.ShouldNotContain(step => step.StartsWith("SCAN fleet_nodes", StringComparison.Ordinal));
    }

    [Fact]
    public void Is_told_apart_from_where_a_node_is_found()
    {
        var draft = new FleetDraft(0, 0);
        var records = new[] { Node(1, 4, 0), Node(2, 4, 0), Node(3, 0, 0) }.ToDictionary(node => node.Id, StringComparer.Ordinal);
        draft.NodeAdvanced("node-1");
        draft.NodeAdvanced("node-2");
        draft.NodeFound("node-2");

        draft.IsEmpty.ShouldBeFalse();
        var news = draft.Take(records)!;
        news.Advanced.Select(node => node.Id).ShouldBe(["node-1", "node-2"], ignoreOrder: true);
        news.Found.Select(node => node.Id).ShouldBe(["node-2"]);
        draft.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task Is_read_at_a_start_no_further_back_than_so_many_nodes_allow()
    {
        using var folder = new TemporaryFolder();
        await using var writer = Open(folder.Path);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_000);
        for (var purge = 1UL; purge <= 20; purge++)
            await SaveAsync(writer, [], [.. Enumerable.Range(0, Many).Select(n => new AckRange($"node-{n}", purge - 1, purge, at))]);

        var acks = (await LoadAsync(writer)).Acks;

        acks.Length.ShouldBeInRange(65_536, 65_536 + Many, "a row for each purge is read until there are enough");
        acks.Select(range => range.Through).Distinct().ShouldBe(Enumerable.Range(7, 14).Select(n => (ulong)n), ignoreOrder: true);
        using var reader = writer.OpenReader();
        ReceiptStore
            .FindAcks(reader, 3)
            .Count(range => range.Through == 3)
            .ShouldBe(Many, "older ones are looked up when they are asked for");
    }

    [Fact]
    public async Task Is_read_whole_at_the_start_of_a_small_fleet()
    {
        using var folder = new TemporaryFolder();
        await using var writer = Open(folder.Path);
        for (var purge = 1UL; purge <= 300; purge++)
            await SaveAsync(writer, [], [new AckRange("node-0", purge - 1, purge, DateTimeOffset.FromUnixTimeMilliseconds(1_000))]);

        (await LoadAsync(writer)).Acks.Select(range => range.Through).Order().ShouldBe(Enumerable.Range(1, 300).Select(n => (ulong)n));
    }

    private static NodeRecord Node(int n, ulong applied, ulong final) =>
        new(
            $"node-{n}",
            $"pop{n}",
            NodeRole.Pop,
            DateTimeOffset.FromUnixTimeMilliseconds(1_000),
            Enabled: true,
            Leaving: false,
            LeftAt: null,
            EnrolmentDigest: null,
            CredentialDigest: null,
            "http://127.0.0.1:1",
            Healthy: true,
            applied,
            final
        );

    private static LogWriter Open(string folder) =>
        LogWriter.Open(new LogOptions { Folder = folder }, TimeProvider.System, NullLogger<LogWriter>.Instance, FleetSchema.Part);

    private static Task<FleetMemory> LoadAsync(LogWriter writer) =>
        writer.WriteAsync(
            write => FleetStore.Load(write, writer.Feed, new LeaseTerms(TimeSpan.FromSeconds(3), TimeSpan.Zero)),
            CancellationToken.None
        );

    private static Task<bool> RegisterAsync(LogWriter writer, params IReadOnlyList<NodeRecord> nodes) =>
        writer.WriteAsync(
            write =>
            {
                foreach (var node in nodes)
                    FleetStore.SaveNode(write, node);
                return true;
            },
            CancellationToken.None
        );

    private static Task<bool> SaveAsync(LogWriter writer, IReadOnlyList<NodeRecord> advanced, IReadOnlyList<AckRange>? acks = null) =>
        writer.WriteAsync(
            write =>
            {
                ReceiptStore.Save(
                    write,
                    new FleetNews([], acks ?? [], ImmutableDictionary<CountKey, PurgeCount>.Empty, [], advanced, 0, 0)
                );
                return true;
            },
            CancellationToken.None
        );
}
