using Paradarum.Protocol.Log;

namespace Paradarum.Protocol.Tests;

public sealed class The_chain
{
    [Fact]
    public void Of_two_epochs_differs_from_the_first_record_on() =>
        Chain.Next(Chain.Origin("a"), 1, [1]).ShouldNotBe(Chain.Next(Chain.Origin("b"), 1, [1]));
}
