using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

public sealed class What_visitors_asked_for
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Is_kept_by_property_in_stretches_of_ten_seconds()
    {
        var book = new TrafficBook(_time);
        book.Take([Said(1, 10, 5, 1000), Said(2, 1, 0, 1)]);
        book.Take([Said(1, 2, 2, 200)]);
        _time.Advance(TrafficBook.Stretch * 3);
        book.Take([Said(1, 7, 0, 70)]);

        var last = book.Of(1);
        last.Length.ShouldBe(TrafficBook.Stretches);
        last[^1].ShouldBe(new TrafficSum(7, 0, 70));
        last[^4].ShouldBe(new TrafficSum(12, 7, 1200));
        last.Aggregate(TrafficSum.Add).ShouldBe(new TrafficSum(19, 7, 1270));
        book.Of(1, 2).Aggregate(TrafficSum.Add).Requests.ShouldBe(20);
        book.Of(3).Aggregate(TrafficSum.Add).HitRatio.ShouldBeNull();
    }

    [Fact]
    public void Is_forgotten_after_ten_minutes()
    {
        var book = new TrafficBook(_time);
        book.Take([Said(1, 10, 5, 1000)]);
        _time.Advance(TrafficBook.Stretch * (TrafficBook.Stretches - 1));
        book.Of(1)[0].Requests.ShouldBe(10);
        _time.Advance(TrafficBook.Stretch);
        book.Of(1).Aggregate(TrafficSum.Add).Requests.ShouldBe(0);
        book.Take([Said(1, 1, 0, 0)]);
        book.Of(1).Aggregate(TrafficSum.Add).Requests.ShouldBe(1);
    }

    [Fact]
    public void Is_not_believed_when_it_counts_backwards()
    {
        var book = new TrafficBook(_time);
        book.Take([Said(1, -1, 0, 0), Said(1, 5, -1, 0), Said(1, 5, 0, -1), Said(1, 3, 9, 0)]);
        book.Of(1).Aggregate(TrafficSum.Add).ShouldBe(new TrafficSum(3, 3, 0));
    }

    private static PropertyTraffic Said(long property, long requests, long hits, long bytes) =>
        new()
        {
            PropertyId = property,
            Requests = requests,
            Hits = hits,
            Bytes = bytes,
        };
}
