namespace Paradarum.Client;

/// <summary>How <c>purge</c> ends; a script can rely on these numbers.</summary>
internal enum PurgeExit
{
    /// <summary>Accepted; with --wait: complete.</summary>
    Done = 0,

    /// <summary>An option or the file is wrong; nothing was sent.</summary>
    WrongUse = 1,

    /// <summary>The API refused it; nothing was queued.</summary>
    Refused = 2,

    /// <summary>Some items of a batch were rejected, the others accepted; with --wait: complete.</summary>
    PartlyRejected = 3,

    /// <summary>The API was not reached or could not do it now. Trying again is safe: a purge that runs twice does no harm.</summary>
    TryAgain = 4,

    /// <summary>Accepted, but not complete within --timeout; it goes on.</summary>
    NotComplete = 5,
}

/// <summary>Ends the command: the sentence goes to stderr.</summary>
internal sealed class PurgeEndedException(PurgeExit code, string sentence) : Exception(sentence)
{
    public PurgeExit Code { get; } = code;
}
