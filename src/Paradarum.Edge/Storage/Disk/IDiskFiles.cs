namespace Paradarum.Edge.Storage.Disk;

/// <summary>The folder that a node's store lies in: the boundary at which tests cut the power. Every call may throw <see cref="IOException"/>.</summary>
internal interface IDiskFiles
{
    IReadOnlyList<string> List();

    /// <summary>Null when there is no such file.</summary>
    byte[]? Read(string name);

    /// <summary>Opens a file for reading and writing.</summary>
    /// <param name="name">Without a folder.</param>
    /// <param name="create">It must not be there yet; else it must.</param>
    IDiskFile Open(string name, bool create);

    /// <summary>Puts a file in the place of the former one, durably: after a power cut there is the one or the other, whole.</summary>
    void Replace(string name, ReadOnlySpan<byte> content);

    /// <summary>Does nothing when it is not there.</summary>
    void Delete(string name);

    /// <summary>Files that were made or deleted so far stay so after a power cut.</summary>
    void SyncFolder();
}

/// <summary>One open file. Reads may come from any thread; writes from one.</summary>
internal interface IDiskFile : IDisposable
{
    long Length { get; }

    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Bytes read: fewer than asked for only at the end of the file.</summary>
    int Read(Span<byte> bytes, long offset);

    /// <summary>What was written stays so after a power cut.</summary>
    void Sync();

    void Truncate(long length);
}
