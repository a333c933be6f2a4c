using Google.Protobuf;

namespace Paradarum.Protocol.Link;

/// <summary>
/// Finds fields that this version does not know. In what nodes must apply, such a field may change what a known one means: a rule that holds for one host alone, a
/// cache key with one part more. Whoever meets one takes the whole message as not understood (design section 2).
/// </summary>
public static class LaterVersion
{
    /// <summary>Reads a message without the unknown fields, and says whether there were any.</summary>
    /// <remarks>What is left then is shorter than what was written: every version writes each field in one way, defaults not at all.</remarks>
    /// <exception cref="InvalidProtocolBufferException">These bytes are no message.</exception>
    public static T Read<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, out bool isOfLaterVersion)
        where T : IMessage<T>
    {
        var message = parser.WithDiscardUnknownFields(discardUnknownFields: true).ParseFrom(bytes);
        isOfLaterVersion = message.CalculateSize() != bytes.Length;
        return message;
    }

    /// <summary>The same for a message that was read with everything in it.</summary>
    public static bool Wrote<T>(MessageParser<T> parser, T message)
        where T : IMessage<T>
    {
        Read(parser, message.ToByteArray(), out var isOfLaterVersion);
        return isOfLaterVersion;
    }
}
