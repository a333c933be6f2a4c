namespace Paradarum.Control.PurgeLog;

/// <summary>Why the log could not be opened: the folder is taken, the file is from a newer version, or it is damaged. The message is for the operator.</summary>
internal class LogCannotStartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database cannot be used at this moment, for a reason that passes: it is not reached, just starting, or not the primary yet.</summary>
internal sealed class LogOutOfReachException(string message, Exception? inner = null) : LogCannotStartException(message, inner);

/// <summary>Another control plane writes to the same log now. It may end: then this one can start.</summary>
internal sealed class LogTakenException(string message, Exception? inner = null) : LogCannotStartException(message, inner);

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
            return new DataFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
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

    public void Dispose() => _lock.Dispose();
}
