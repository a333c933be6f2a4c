using CsCheck;
using Microsoft.AspNetCore.Http;
using Paradarum.Edge.Freshness;
using Paradarum.Edge.Storage;
using Paradarum.Edge.Tests.Purging;
using Paradarum.Protocol.Urls;

namespace Paradarum.Edge.Tests.Storage;

/// <summary>docs/decisions/fair-share.md; G7: no tenant makes a node slow for others.</summary>
public sealed class Memory_that_properties_share
{
    private const int Capacity = 1 << 20;

    private readonly EvictionQueue _queue = new(Capacity);
    private readonly Dictionary<(long, int), StoredResponse> _held = [];

    /// <summary>Measured: each page of the flood is asked for three times, which takes it past every filter for pages that are asked for once.</summary>
    [Fact]
    public void Keeps_the_hot_set_of_one_however_much_another_adds()
    {
        const int Hot = 60; // 60 of 5 KB are less than half of the memory
        var (early, late) = (0, 0);
        for (var flood = 0; flood < 20_000; flood++)
        {
            for (var times = 0; times < 3; times++)
                Visit(1, flood);
            // Each page of the hot set is asked for once while the flood brings more than four times the capacity.
            if (flood % 15 != 0)
                continue;
            if (Visit(2, flood / 15 % Hot))
                continue;
            if (flood < 5_000)
                early++;
            else
                late++;
        }
        // Each was missed once, some twice because their turn came before they were asked for again; from then on none.
        (early, late).ShouldBe((Math.Clamp(early, Hot, 2 * Hot), 0));
        Held(2).ShouldBe(Hot);
    }

    [Fact]
    public void Is_used_to_its_end_by_one_alone_and_given_back_when_another_comes()
    {
        for (var i = 0; i < 1000; i++)
            Visit(1, i);
        _queue.Bytes.ShouldBeInRange(Capacity - 10_000, Capacity);
        for (var i = 0; i < 1000; i++)
        {
            Visit(2, i);
            // Both use all they hold.
            foreach (var held in _held.Values)
                EvictionQueue.Hit(held);
        }
        var (first, second) = (Held(1), Held(2));
        Math.Abs(first - second).ShouldBeLessThan(10);
        _queue.Bytes.ShouldBeInRange(Capacity - 10_000, Capacity);
    }

    [Fact]
    public void Comes_free_in_the_end_where_a_property_is_idle()
    {
        for (var i = 0; i < 80; i++)
        {
            for (var times = 0; times < 4; times++)
                Visit(2, i);
        }
        for (var i = 0; i < 200 * 64; i++)
            Visit(1, i);
        Held(2).ShouldBe(0);
        _queue.Bytes.ShouldBeInRange(Capacity - 10_000, Capacity);
    }

    [Fact]
    public void Is_never_more_than_its_bound_and_its_figures_are_those_of_what_is_held()
    {
        Gen.Select(Gen.Long[1, 5], Gen.Int[0, 300], Gen.Int[0, 9])
            .List[1, 3000]
            .Sample(
                visits =>
                {
                    var store = new Memory_that_properties_share();
                    foreach (var (property, page, kind) in visits)
                    {
                        if (kind == 0 && store._held.Remove((property, page), out var purged))
                            store._queue.Remove(purged).ShouldBeTrue();
                        else
                            store.Visit(property, page);
                        store._queue.Bytes.ShouldBeLessThanOrEqualTo(Capacity);
                    }
                    store._queue.Count.ShouldBe(store._held.Count);
                    store._queue.Bytes.ShouldBe(store._held.Values.Sum(entry => entry.Size));
                    foreach (var entry in store._held.Values)
                        store._queue.Remove(entry).ShouldBeTrue();
                    (store._queue.Count, store._queue.Bytes).ShouldBe((0, 0));
                },
                iter: 30
            );
    }

    private int Held(long property) => _held.Keys.Count(key => key.Item1 == property);

    /// <summary>Asks for a page of 4 KB; true when it was held.</summary>
    private bool Visit(long property, int page)
    {
        if (_held.TryGetValue((property, page), out var held))
        {
            EvictionQueue.Hit(held);
            return true;
        }
        var target = TestNode.Target($"/{page}");
        var fetch = new TestFetch(property, new CacheKey("http", "a.example", target), target);
        var entry = new StoredResponse(
            fetch,
            200,
            new HeaderDictionary(),
            new StoredBody([new byte[4096]], 4096, 4096),
            default,
            VaryKey.None
        );
        _held.Add((property, page), entry);
        var evicted = new List<StoredResponse>();
        _queue.Add(entry, evicted);
        foreach (var gone in evicted)
            _held.Remove((gone.PropertyId, int.Parse(gone.Key.Target.Path[1..]))).ShouldBeTrue();
        return false;
    }
}
