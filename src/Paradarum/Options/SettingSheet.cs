using System.CommandLine;

namespace Paradarum.Options;

/// <summary>The settings of one command: makes its flags, and reads what was set when it runs.</summary>
internal sealed class SettingSheet
{
    private static readonly Setting<string> Config = new("config", "FILE", "JSON file with settings.", SettingKinds.ExistingFile);

    private readonly List<(Setting Setting, Option<string?> Option)> _settings = [];
    private readonly Command _command;

    public SettingSheet(Command command)
    {
        _command = command;
        Add(Config);
    }

    /// <summary>To stand in a command's description, before its examples.</summary>
    public static string Ways =>
        "Every setting --some-name may also be the environment variable PARADARUM_SOME_NAME, or someName in the JSON file of --config. "
        + "A flag wins over a variable, a variable over the file.";

    public Setting<T> Add<T>(Setting<T> setting)
    {
        var option = new Option<string?>(setting.Flag)
        {
            Description = setting.DefaultText is { } byDefault ? $"{setting.Description} [default: {byDefault}]" : setting.Description,
            HelpName = setting.HelpName,
        };
        if (setting.Short is { } alias)
            option.Aliases.Add(alias);
        _settings.Add((setting, option));
        _command.Add(option);
        return setting;
    }

    /// <param name="parsed">What the command line said.</param>
    /// <param name="variable">The environment.</param>
    public SettingValues Open(ParseResult parsed, Func<string, string?> variable)
    {
        var values = new SettingValues();
        foreach (var (setting, option) in _settings)
        {
            if (parsed.GetValue(option) is { } given)
                values.Put(setting, setting.Flag, given);
            else if (variable(setting.Variable) is { Length: > 0 } set)
                values.Put(setting, setting.Variable, set);
        }
        if (values.Find(Config, out var file))
            values.PutFile(file, [.. _settings.Select(pair => pair.Setting).Where(setting => setting != Config)]);
        return values;
    }
}
