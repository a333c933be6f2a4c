using System.Globalization;
using System.Runtime.InteropServices;

namespace Paradarum.Edge.ControlLink;

/// <summary>
/// A node's data folder, held by an exclusive lock for the life of the process: what lets a successor prove that its predecessor is dead (design section 3, Leases).
/// Dispose it after everything that serves has stopped.
/// </summary>
internal sealed partial class NodeFolder : IDisposable
{
    private readonly FileStream _lock;

    private NodeFolder(string path, string id, FileStream held)
    {
        (Path, Id) = (path, id);
        _lock = held;
    }

    public string Path { get; }

    /// <summary>Device and inode: a copy of the folder is another one.</summary>
    public string Id { get; }

    /// <summary>Creates the folder when missing (mode 0700) and takes its lock.</summary>
    /// <exception cref="IOException">Another process holds it, or it can't be made.</exception>
    public static NodeFolder Take(string path)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"The node's data folder {path} is in use by another process.", e);
        }
        try
        {
            return new NodeFolder(path, IdOf(path), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string IdOf(string path)
    {
        const int relativeToWorkingDirectory = -100;
        const uint wantInode = 0x100;
        if (statx(relativeToWorkingDirectory, path, 0, wantInode, out var status) != 0)
            throw new IOException($"The node's data folder {path} can't be looked at (error {Marshal.GetLastPInvokeError()}).");
        return string.Create(CultureInfo.InvariantCulture, $"{status.DeviceMajor}:{status.DeviceMinor}:{status.Inode}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, out FileStatus status);

    /// <summary>struct statx, the same on every architecture (linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
