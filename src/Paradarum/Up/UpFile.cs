namespace Paradarum.Up;

/// <summary>
/// <c>up.json</c> (issue text and contract part 3): the facts that scripts need, and the only place of the raw key and password. Mode 0600, replaced by
/// rename, so that a reader sees the former or the new one, never half.
/// </summary>
internal sealed record UpFile(
    string Api,
    string ApiKey,
    string AdminEmail,
    string AdminPassword,
    long PropertyId,
    string Hostname,
    string Origin,
    IReadOnlyList<UpFile.Node> Shields,
    IReadOnlyList<UpFile.Node> Pops
)
{
    private const string Name = "up.json";

    /// <param name="Https">With TLS; null: nowhere.</param>
    public sealed record Node(string Id, string Url, string? Https = null);

    /// <summary>The authority to trust, with <c>--https</c>; else null.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>What an earlier start wrote, or null when there is none or it can't be read: then new secrets are made.</summary>
    public static UpFile? Read(string folder) =>
        PrivateFile.Read<UpFile>(Path.Combine(folder, Name)) is { ApiKey: not null, AdminPassword: not null } read ? read : null;

    public void Write(string folder) => PrivateFile.Write(Path.Combine(folder, Name), this);
}
