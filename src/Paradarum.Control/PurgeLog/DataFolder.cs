namespace Paradarum.Control.PurgeLog;

/// <summary>Why the log could not be opened: the folder is taken, the file is from a newer version, or it is damaged. The message is for the operator.</summary>
internal sealed class LogCannotStartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The control plane's data folder, held exclusively by this process as long as this is open. The operating system drops the lock with the process, so a
/// SIGKILL leaves nothing behind that would keep the next start out.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const string DatabaseName = "paradarum.db";

    private const string LockName = "paradarum.lock";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, DatabaseName);

    public static DataFolder Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
            var file = System.IO.Path.Combine(path, LockName);
            var folder = new DataFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            folder.KeepToOwner();
            return folder;
        }
        catch (IOException e) when (File.Exists(System.IO.Path.Combine(path, LockName)))
        {
            throw new LogCannotStartException($"The data folder {path} is taken: another Paradarum process is using it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogCannotStartException($"The data folder {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Whether a process holds the folder now. Looks at the lock and takes nothing.</summary>
    public static bool IsTaken(string path)
    {
        try
        {
            using var _ = new FileStream(System.IO.Path.Combine(path, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>
    /// The database holds the keys that sign sessions, purge ids and what tiers say to one another: no other user may read it, also in a folder that was there
    /// before. An empty file is a new database to SQLite, and its write-ahead log is given the same mode.
    /// </summary>
    private void KeepToOwner()
    {
        File.Open(
                DatabaseFile,
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.ReadWrite,
                    UnixCreateMode = OwnerOnly,
                }
            )
            .Dispose();
        File.SetUnixFileMode(DatabaseFile, OwnerOnly);
    }

    public void Dispose() => _lock.Dispose();
}
