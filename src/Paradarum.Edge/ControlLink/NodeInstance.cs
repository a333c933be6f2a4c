using System.Security.Cryptography;

namespace Paradarum.Edge.ControlLink;

/// <summary>One process start of a node: leases and acknowledgements belong to it.</summary>
/// <param name="Id">Random.</param>
/// <param name="BootId">The machine's boot.</param>
/// <param name="FolderId">Of the data folder whose lock this process holds; empty when it holds none.</param>
/// <param name="StartedAt">CLOCK_BOOTTIME in nanoseconds, read after the lock was taken.</param>
internal sealed record NodeInstance(string Id, string BootId, string FolderId, long StartedAt)
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <param name="folder">Its lock must be held already: the order of starts is the order in which the lock was held.</param>
    /// <param name="bootClock">Counts nanoseconds since the boot.</param>
    public static NodeInstance Start(NodeFolder? folder, TimeProvider bootClock) =>
        new(
            RandomNumberGenerator.GetHexString(32, lowercase: true),
            File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "",
            folder?.Id ?? "",
            bootClock.GetTimestamp()
        );
}
