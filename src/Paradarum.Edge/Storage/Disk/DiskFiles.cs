using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Paradarum.Edge.Storage.Disk;

/// <summary>A real folder. Files are of mode 0600: they hold what visitors were answered.</summary>
internal sealed partial class DiskFiles : IDiskFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;

    /// <summary>Creates the folder when missing (mode 0700).</summary>
    public DiskFiles(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path))];

    public byte[]? Read(string name) => File.Exists(At(name)) ? File.ReadAllBytes(At(name)) : null;

    public IDiskFile Open(string name, bool create)
    {
        var handle = create
            ? File.OpenHandle(At(name), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)
            : File.OpenHandle(At(name), FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (create)
            File.SetUnixFileMode(handle, Private);
        return new DiskFile(handle);
    }

    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        using (var fresh = File.OpenHandle(At(name + ".new"), FileMode.Create, FileAccess.Write))
        {
            File.SetUnixFileMode(fresh, Private);
            RandomAccess.Write(fresh, content, 0);
            RandomAccess.FlushToDisk(fresh);
        }
        File.Move(At(name + ".new"), At(name), overwrite: true);
        SyncFolder();
    }

    public void Delete(string name) => File.Delete(At(name));

    public void SyncFolder()
    {
        // .NET opens no directories.
        var folder = open(_folder, ReadOnlyFolder);
        if (folder < 0)
            throw new IOException($"The folder {_folder} can't be opened (error {Marshal.GetLastPInvokeError()}).");
        var failed = fsync(folder) != 0 ? Marshal.GetLastPInvokeError() : 0;
        _ = close(folder);
        if (failed != 0)
            throw new IOException($"The folder {_folder} can't be flushed (error {failed}).");
    }

    private string At(string name) => Path.Combine(_folder, name);

    /// <summary>O_RDONLY | O_DIRECTORY | O_CLOEXEC. The middle one differs between processors.</summary>
    private static readonly int ReadOnlyFolder =
        0x8_0000 | (RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x1_0000);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    private sealed class DiskFile(SafeFileHandle handle) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public int Read(Span<byte> bytes, long offset)
        {
            var read = 0;
            while (read < bytes.Length)
            {
                var more = RandomAccess.Read(handle, bytes[read..], offset + read);
                if (more == 0)
                    break;
                read += more;
            }
            return read;
        }

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose() => handle.Dispose();
    }
}
