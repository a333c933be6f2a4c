using Paradarum.Protocol.Link;

namespace Paradarum.Protocol.Log;

/// <summary>
/// One record of the log: a gap-free position from 1 upwards, its chain hash (<see cref="Chain"/>) and its payload, the bytes of a
/// <see cref="RecordPayload"/>. The bytes are kept as they were appended: what was hashed is what travels.
/// </summary>
public sealed record LogRecord(ulong Position, ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Payload);
