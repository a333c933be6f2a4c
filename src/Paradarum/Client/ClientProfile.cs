using System.Text.Json;

namespace Paradarum.Client;

/// <summary>Who the commands of the client are, kept by <c>login</c>: a file of mode 0600.</summary>
/// <param name="Url">The API.</param>
/// <param name="Email">Who signed in; null where a key was given.</param>
/// <param name="Token">A sign-in token, good until <paramref name="ExpiresAt"/>.</param>
/// <param name="Key">An API key, in the place of a token.</param>
internal sealed record ClientProfile(Uri Url, string? Email, string? Token, DateTimeOffset? ExpiresAt, string? Key)
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    /// <summary>Null when there is none.</summary>
    /// <exception cref="PurgeEndedException">Others may read it, or it holds no profile; the sentence says what to do.</exception>
    public static ClientProfile? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        if ((File.GetUnixFileMode(path) & OfOthers) != UnixFileMode.None)
            throw new PurgeEndedException(PurgeExit.WrongUse, $"Others on this machine may read {path}. Run: chmod 600 {path}");
        if (PrivateFile.Read<ClientProfile>(path) is { Url: not null } profile)
            return profile;
        throw new PurgeEndedException(PurgeExit.WrongUse, $"{path} holds no profile. Sign in again: paradarum login");
    }

    public void Write(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        PrivateFile.Write(path, this);
    }

    /// <summary>The way to prove who asks; null when a sign-in has run out.</summary>
    public Credential? Credential(DateTimeOffset now) =>
        Key is not null ? Client.Credential.OfKey(Key)
        : Token is not null && now < ExpiresAt ? Client.Credential.OfToken(Token)
        : null;
}

/// <summary>The header that proves who asks. Its text is never shown.</summary>
internal readonly record struct Credential(string Header, string Value)
{
    public static Credential OfKey(string key) => new("X-API-Key", key);

    public static Credential OfToken(string token) => new("Authorization", $"Bearer {token}");

    public override string ToString() => Header;
}
