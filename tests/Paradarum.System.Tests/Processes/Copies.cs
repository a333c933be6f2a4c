namespace Paradarum.SystemTests.Processes;

/// <summary>What a snapshot of a machine has of a control plane's data folder.</summary>
internal static class Copies
{
    /// <summary>Every file but the lock, which is a process's and not the folder's.</summary>
    public static void Folder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "paradarum.lock"))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
