namespace Paradarum.Control.PurgeLog;

/// <summary>Why the log could not be opened: the folder is taken, the file is from a newer version, or it is damaged. The message is for the operator.</summary>
internal sealed class LogCannotStartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The control plane's data folder, held exclusively by this process as long as this is open. The operating system drops the lock with the process, so a
/// SIGKILL leaves nothing behind that would keep the next start out.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "paradarum.db");

    public static DataFolder Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            var file = System.IO.Path.Combine(path, "paradarum.lock");
            return new DataFolder(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (File.Exists(System.IO.Path.Combine(path, "paradarum.lock")))
        {
            throw new LogCannotStartException($"The data folder {path} is taken: another Paradarum process is using it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogCannotStartException($"The data folder {path} cannot be used: {e.Message}", e);
        }
    }

    public void Dispose() => _lock.Dispose();
}
