using System.Collections.Immutable;
using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>
/// Contract part 2, countsFinal, on the control plane's side: what a node removed is called final when the node said so, of that purge or of all up to some position. That so much has
/// happened since that nothing more can come is believed of nodes alone that never say how far theirs are final.
/// </summary>
public sealed class Figures_of_a_node
{
    private const string Marks = "marks";
    private const string Older = "older";

    /// <summary>More positions with figures than the book keeps.</summary>
    private const ulong Many = 9_000;

    [Fact]
    public void Are_final_as_far_as_the_node_said_and_no_further_however_much_has_happened_since()
    {
        var book = Book();
        Fill(book, finalThrough: 10);

        book.RemembersCountsAt(20).ShouldBeFalse("it has been forgotten in between");
        book.AreFinal(Marks, 10, count: null).ShouldBeTrue();
        book.AreFinal(Marks, 11, count: null).ShouldBeFalse("it may have lost some on a stream that broke");
        book.AreFinal(Marks, 20, new PurgeCount { Position = 20, Objects = 3 }).ShouldBeFalse();
        book.AreFinal(
                Marks,
                20,
                new PurgeCount
                {
                    Position = 20,
                    Objects = 3,
                    Final = true,
                }
            )
            .ShouldBeTrue();
    }

    [Fact]
    public void Of_a_node_that_never_says_how_far_are_final_once_they_are_forgotten_here_and_not_before()
    {
        var book = Book();
        Fill(book, finalThrough: 0);

        book.AreFinal(Older, 20, count: null).ShouldBeTrue();
        book.AreFinal(Older, Many, count: null).ShouldBeFalse("it is remembered, and nothing was said of it");
        book.AreFinal(Older, 20, new PurgeCount { Position = 20, Objects = 3 }).ShouldBeFalse("what it said last was not final");
    }

    [Fact]
    public void Are_not_final_for_being_older_than_the_start_of_the_control_plane()
    {
        const ulong start = 5_000;
        var book = Book(start);
        Fill(book, finalThrough: 0, start);

        book.AreFinal(Older, start, count: null).ShouldBeFalse("a zero that was final is not written down");
        book.AreFinal(Older, start + 1, count: null).ShouldBeTrue();
    }

    private static AckBook Book(ulong head = 0) =>
        new(new FleetMemory(new FleetStart(head, head, default, Restored: false), [], [], default, 0, 0, [], [], []));

    /// <summary>Another node reports a figure for each position.</summary>
    private static void Fill(AckBook book, ulong finalThrough, ulong after = 0)
    {
        for (var position = after + 1; position <= after + Many; position++)
        {
            var key = new CountKey(position, "other");
            var counts = ImmutableDictionary<CountKey, PurgeCount>.Empty.Add(key, new PurgeCount { Position = position, Objects = 1 });
            book.Take(new FleetNews([], [], counts, [], [Node(Marks, finalThrough), Node(Older, 0)], 0, 0));
        }
    }

    private static NodeRecord Node(string id, ulong finalThrough) =>
        new(id, id, NodeRole.Pop, default, true, false, null, null, null, "", true, Many, finalThrough);
}
