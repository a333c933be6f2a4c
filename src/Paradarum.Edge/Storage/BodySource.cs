namespace Paradarum.Edge.Storage;

/// <summary>Where the bytes of an answer are read from: a stored body, one that is arriving, or the slices of a large one.</summary>
internal interface IBodySource
{
    /// <summary>The bytes from a position on: at least one and at most <paramref name="most"/>, which is above 0 and within the body. Valid until the next call.</summary>
    /// <exception cref="BodyBrokenException">They can't be had: what was sent so far must not look whole.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(long position, long most, CancellationToken stop);
}
