namespace Paradarum;

/// <summary>A file for its owner alone (mode 0600), replaced by rename after a flush: a reader sees the former or the new one, never half.</summary>
internal static class PrivateFile
{
    public static void Write(string path, Action<Stream> write)
    {
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(draft, options))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
    }
}
