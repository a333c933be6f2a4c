using Paradarum.Edge.Purging;
using Paradarum.Protocol.Purging;

namespace Paradarum.Edge.Tests.Purging;

public sealed class A_rehearsal_before_the_first_purge
{
    [Fact]
    public void Runs_every_kind_of_purge_to_its_end() =>
        Rehearsal.Run(TimeProvider.System).ShouldBe(Enum.GetValues<PurgeKind>(), ignoreOrder: true);
}
