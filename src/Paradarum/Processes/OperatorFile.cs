namespace Paradarum.Processes;

/// <summary>
/// <c>operator.json</c> in the control plane's data folder (mode 0600): where things are and the only place of the operator's raw key and password. When it is gone,
/// the next start revokes the key and makes new ones.
/// </summary>
internal sealed record OperatorFile(string Api, string Fleet, string ApiKey, string AdminEmail, string AdminPassword)
{
    public const string Name = "operator.json";

    /// <summary>What an earlier start wrote, or null when there is none or it can't be read.</summary>
    public static OperatorFile? Read(string folder) =>
        PrivateFile.Read<OperatorFile>(Path.Combine(folder, Name)) is { ApiKey: not null, AdminPassword: not null } read ? read : null;

    public void Write(string folder) => PrivateFile.Write(Path.Combine(folder, Name), this);
}
