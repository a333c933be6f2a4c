using Paradarum.Control.Fleet;
using Paradarum.Protocol.Link;

namespace Paradarum.Control.Tests.Fleet;

/// <summary>Contract part 2: counts may grow until they are final. A node with a disk that was killed applies once more what its disk had not taken down yet.</summary>
public sealed class A_node_that_counts_once_more
{
    [Fact]
    public void Takes_nothing_back_of_what_it_has_said()
    {
        var first = new PurgeCount
        {
            Position = 3,
            Objects = 5,
            Bytes = 500,
            ReclaimedObjects = 5,
            ReclaimedBytes = 500,
        };
        var again = new PurgeCount
        {
            Position = 3,
            Objects = 2,
            Bytes = 700,
            ReclaimedObjects = 2,
            ReclaimedBytes = 700,
            Widened = true,
        };
        var known = AckBook.Grown(AckBook.Grown(null, first), again);
        (known.Objects, known.Bytes, known.Widened, known.Final).ShouldBe((5, 700, true, false));
    }

    [Fact]
    public void Changes_nothing_once_its_figures_were_final()
    {
        var final = new PurgeCount
        {
            Position = 3,
            Objects = 5,
            Final = true,
        };
        AckBook.Grown(final, new PurgeCount { Position = 3, Objects = 9 }).ShouldBeSameAs(final);
    }
}
