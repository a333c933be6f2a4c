namespace Paradarum.Edge.Storage.Disk;

/// <summary>How one entry stands with the disk. Everything in it changes under <see cref="DiskBooks"/>' lock, and never while the disk is waited for.</summary>
internal sealed class DiskPlace(DiskBooks books)
{
    public DiskBooks Books => books;

    /// <summary>Where its body lies; null until it is written, and after its segment went.</summary>
    public DiskBody? Body { get; set; }

    /// <summary>It waits to be written, or is just being written.</summary>
    public bool IsOnItsWay { get; set; }

    /// <summary>It has left the index: whatever of it is written, or still will be, is taken back.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Memory wants its bytes back, as soon as they are on disk.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Its bytes are on disk alone: its head counts for the memory that heads may take.</summary>
    public bool CountsAsHead { get; set; }

    /// <summary>It was read from disk since it was written there: worth writing anew when its segment goes.</summary>
    public bool WasRead { get; set; }
}
