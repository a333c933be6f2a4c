using System.Collections.Immutable;
using CsCheck;
using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Catalogue;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol.Configuration;
using Paradarum.Protocol.Link;
using Paradarum.Protocol.Urls;
using Paradarum.Testing;
using QueryModeKind = Paradarum.Protocol.Urls.QueryModeKind;

namespace Paradarum.Control.Tests.Catalogue;

/// <summary>Design section 2: configuration changes are records, and some of them purge.</summary>
public sealed class A_change_of_the_catalogue
{
    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Is_one_record_that_holds_the_whole_configuration()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        await host.Changes.SetRulesAsync(ControlHost.Somebody, property.Id, RulePresets.WordPress, None);
        var records = Records(host);
        records.Select(Kind).ShouldBe(["property", "property"]);
        records.ShouldAllBe(record => record.PropertyId == property.Id);
        Same(PropertyConfiguration.FromMessage(records[1].Property), host.Catalogue.Current.Properties[property.Id].Configuration)
            .ShouldBeTrue();
        records[1].Property.CacheRules.Count.ShouldBe(5);
        host.Feed.Positions[property.Id].LastConfiguration.ShouldBe(2ul);
    }

    [Theory]
    [InlineData("disable", "property purge")]
    [InlineData("suspend", "property purge")]
    [InlineData("remove-active-hostname", "property purge")]
    [InlineData("remove-pending-hostname", "property")]
    [InlineData("query-mode", "property purge")]
    [InlineData("same-query-mode", "property")]
    [InlineData("origins", "property")]
    [InlineData("rules", "property")]
    [InlineData("add-hostname", "property")]
    [InlineData("delete", "removed purge")]
    public async Task Purges_all_of_the_property_where_what_is_stored_loses_its_meaning(string change, string expected)
    {
        await using var host = await ControlHost.StartAsync();
        var (catalogue, changes) = (host.Catalogue, host.Changes);
        var id = (await host.AddPropertyAsync("shop")).Id;
        await changes.AddHostnameAsync(ControlHost.Somebody, id, "www.example.com", HostnameState.PendingValidation, None);
        var hostnames = catalogue.Current.Properties[id].Hostnames;
        var before = host.Feed.Head.Position;
        var changed = change switch
        {
            "disable" => changes.SetStateAsync(ControlHost.Somebody, id, PropertyState.Disabled, None),
            "suspend" => changes.SetStateAsync(ControlHost.Somebody, id, PropertyState.Suspended, None),
            "remove-active-hostname" => changes.RemoveHostnameAsync(
                ControlHost.Somebody,
                id,
                hostnames.Single(name => name.State == HostnameState.Active).Id,
                None
            ),
            "remove-pending-hostname" => changes.RemoveHostnameAsync(
                ControlHost.Somebody,
                id,
                hostnames.Single(name => name.State != HostnameState.Active).Id,
                None
            ),
            "query-mode" => changes.SetQueryModeAsync(ControlHost.Somebody, id, new QueryMode(QueryModeKind.Except, ["a"]), None),
            "same-query-mode" => changes.SetQueryModeAsync(ControlHost.Somebody, id, QueryMode.WholeQuery, None),
            "origins" => changes.SetOriginsAsync(ControlHost.Somebody, id, [new Origin("https", "origin.example", 443, "", false)], None),
            "rules" => changes.SetRulesAsync(ControlHost.Somebody, id, RulePresets.PrestaShop, None),
            "add-hostname" => changes.AddHostnameAsync(
                ControlHost.Somebody,
                id,
                "more.cdn.localhost",
                HostnameState.PendingValidation,
                None
            ),
            _ => changes.DeleteAsync(ControlHost.Somebody, id, None),
        };
        ControlHost.Opened(await changed);
        var records = Records(host, before);
        string.Join(' ', records.Select(Kind)).ShouldBe(expected);
        records
            .Where(record => record.Purges)
            .ShouldAllBe(record => record.Purge.Rules.Single().Kind == RuleKind.All && record.Purge.OnlyNode == "");
    }

    [Fact]
    public async Task That_is_refused_writes_nothing()
    {
        await using var host = await ControlHost.StartAsync();
        var (first, second) = (await host.AddPropertyAsync("first"), await host.AddPropertyAsync("second"));
        var head = host.Feed.Head.Position;
        var again = await host.Client.PostAnswerAsync("/api/property", new { name = "first", origins = new[] { new { host = "origin" } } });
        (again.Status, again.Message).ShouldBe((409, "A property named 'first' already exists."));
        (await host.Changes.AddHostnameAsync(ControlHost.Somebody, first.Id, "SECOND.cdn.localhost.", HostnameState.Active, None))
            .Ok(out _, out var refusal)
            .ShouldBeFalse();
        refusal!.Message.ShouldBe("Hostname 'second.cdn.localhost' already belongs to a property.");
        (await host.Changes.RemoveHostnameAsync(ControlHost.Somebody, first.Id, second.Hostnames[0].Id, None))
            .Ok(out _, out _)
            .ShouldBeFalse();
        (await host.Changes.SetStateAsync(ControlHost.Somebody, 999, PropertyState.Disabled, None)).Ok(out _, out _).ShouldBeFalse();
        host.Feed.Head.Position.ShouldBe(head);
    }

    [Fact]
    public async Task Is_in_no_memory_when_the_flush_fails()
    {
        var failing = false;
        var surroundings = new ControlPlaneSurroundings
        {
            Flush = transaction =>
            {
                if (Volatile.Read(ref failing))
                    throw new IOException("disk full");
                transaction.Commit();
            },
        };
        await using var host = await ControlHost.StartAsync(surroundings: surroundings);
        var property = await host.AddPropertyAsync("shop");
        var before = host.Catalogue.Current;
        Volatile.Write(ref failing, true);
        await Should.ThrowAsync<LogUnavailableException>(() =>
            host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Disabled, None)
        );
        Volatile.Write(ref failing, false);
        host.Catalogue.Current.ShouldBeSameAs(before);
        ControlHost
            .Opened(await host.Changes.SetStateAsync(ControlHost.Somebody, property.Id, PropertyState.Active, None))
            .State.ShouldBe(PropertyState.Active);
    }

    [Fact]
    public async Task Never_gives_the_id_of_a_deleted_property_to_another()
    {
        await using var host = await ControlHost.StartAsync();
        var first = await host.AddPropertyAsync("first");
        ControlHost.Opened(await host.Changes.DeleteAsync(ControlHost.Somebody, first.Id, None));
        (await host.AddPropertyAsync("first")).Id.ShouldBeGreaterThan(first.Id);
    }

    /// <summary>Whatever is done, in whatever order and at the same time: memory is what the database says, and the last record of each property is its memory.</summary>
    [Fact]
    public async Task Leaves_memory_database_and_log_the_same_after_any_operations()
    {
        await using var host = await ControlHost.StartAsync();
        var step = Gen.Select(Gen.Int[0, 8], Gen.Int[0, 5], Gen.Int[0, 3]);
        await step.Array[1, 12]
            .SampleAsync(
                async steps =>
                {
                    await Task.WhenAll(steps.Select(one => DoAsync(host, one.Item1, one.Item2, one.Item3)));
                    var stored = await StoredAsync(host);
                    var memory = host.Catalogue.Current.Properties;
                    return stored.Count == memory.Count
                        && stored.All(property =>
                            memory.TryGetValue(property.Id, out var held)
                            && Same(held.Configuration, property.Configuration)
                            && held.CreatedAt == property.CreatedAt
                            && held.Hostnames.SequenceEqual(property.Hostnames)
                        )
                        && LastConfigurations(host)
                            .All(last =>
                                memory.TryGetValue(last.Key, out var held)
                                    ? last.Value is not null && Same(PropertyConfiguration.FromMessage(last.Value), held.Configuration)
                                    : last.Value is null
                            );
                },
                iter: 60,
                threads: 1
            );
    }

    private static async Task DoAsync(ControlHost host, int kind, int which, int value)
    {
        var (catalogue, changes) = (host.Catalogue, host.Changes);
        var ids = catalogue.Current.Properties.Keys.Order().ToArray();
        var id = ids.Length == 0 ? 1 : ids[which % ids.Length];
        var hostnames = catalogue.Current.Properties.TryGetValue(id, out var property) ? property.Hostnames : [];
        _ = kind switch
        {
            0 or 1 => await changes.CreateAsync(
                ControlHost.Somebody with
                {
                    AccountId = host.Operator.AccountId,
                },
                new PropertyOrder($"shop-{which}", [new Origin("http", "o", 80, "", true)]),
                None
            ),
            2 => await changes.AddHostnameAsync(ControlHost.Somebody, id, $"h{value}.example.com", HostnameState.PendingValidation, None),
            3 => await changes.RemoveHostnameAsync(
                ControlHost.Somebody,
                id,
                hostnames.IsEmpty ? 0 : hostnames[value % hostnames.Length].Id,
                None
            ),
            4 => await changes.SetStateAsync(ControlHost.Somebody, id, (PropertyState)value, None),
            5 => await changes.SetQueryModeAsync(ControlHost.Somebody, id, new QueryMode((QueryModeKind)value, ["a", "b"]), None),
            6 => await changes.SetOriginsAsync(
                ControlHost.Somebody,
                id,
                [.. Enumerable.Range(1, value + 1).Select(port => new Origin("http", "o", port, "", true))],
                None
            ),
            7 => await changes.SetRulesAsync(ControlHost.Somebody, id, value == 0 ? RulePresets.WordPress : RulePresets.CatchAll, None),
            _ => await changes.DeleteAsync(ControlHost.Somebody, id, None),
        };
    }

    private static Task<List<CatalogueProperty>> StoredAsync(ControlHost host) =>
        host.Writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                return db.Set<Property>()
                    .Include(property => property.Hostnames)
                    .Include(property => property.Origins)
                    .Include(property => property.Rules)
                    .AsNoTracking()
                    .AsEnumerable()
                    .Select(property => property.ToCatalogue())
                    .ToList();
            },
            None
        );

    private static Dictionary<long, PropertyBody?> LastConfigurations(ControlHost host)
    {
        var last = new Dictionary<long, PropertyBody?>();
        foreach (var record in Records(host).Where(record => !record.Purges))
            last[record.PropertyId] = record.Property;
        return last;
    }

    private static bool Same(PropertyConfiguration one, PropertyConfiguration other) => one.ToMessage().Equals(other.ToMessage());

    private static List<RecordPayload> Records(ControlHost host, ulong after = 0)
    {
        host.Feed.TryRead(after, int.MaxValue, int.MaxValue, out var records).ShouldBeTrue();
        return [.. records.Select(record => RecordPayload.Parser.ParseFrom(record.Payload.Span))];
    }

    private static string Kind(RecordPayload record) =>
        record.BodyCase switch
        {
            RecordPayload.BodyOneofCase.Property => "property",
            RecordPayload.BodyOneofCase.PropertyRemoved => "removed",
            RecordPayload.BodyOneofCase.Purge when record.Purges => "purge",
            _ => "?",
        };
}
