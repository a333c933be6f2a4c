using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>The bytes cannot be what a record of this version holds. Their checksum was right, so another version or a fault of memory wrote them.</summary>
internal sealed class RecordException(string what) : Exception($"A record on disk does not read: {what}.");

/// <summary>Writes the parts of a record one after another: whole numbers of 8 bytes, texts and counts with their length before them.</summary>
internal readonly struct RecordWriter(IBufferWriter<byte> to)
{
    public void Byte(byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    public void Number(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    public void Number(ulong value) => Number(unchecked((long)value));

    public void Count(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    /// <summary>A null text is told from an empty one.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Count(-1);
            return;
        }
        var length = Encoding.UTF8.GetByteCount(value);
        Count(length);
        Encoding.UTF8.GetBytes(value, to.GetSpan(length));
        to.Advance(length);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        to.Write(value);
    }
}

/// <summary>Reads what <see cref="RecordWriter"/> wrote.</summary>
/// <exception cref="RecordException">It ends too early, or holds what cannot be.</exception>
internal ref struct RecordReader(ReadOnlySpan<byte> from)
{
    private ReadOnlySpan<byte> _left = from;

    public readonly bool IsAtEnd => _left.IsEmpty;

    public byte Byte() => Take(1)[0];

    public long Number() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public ulong Unsigned() => unchecked((ulong)Number());

    /// <summary>A count of things that take at least one byte each.</summary>
    public int Count()
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        return count >= 0 && count <= _left.Length ? count : throw new RecordException("a count is out of range");
    }

    /// <summary>Any number of 4 bytes.</summary>
    public int Count32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public string Text() => TextOrNull() ?? throw new RecordException("a text is missing");

    public string? TextOrNull()
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public ReadOnlySpan<byte> Bytes() => Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _left.Length)
            throw new RecordException("it ends too early");
        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}
