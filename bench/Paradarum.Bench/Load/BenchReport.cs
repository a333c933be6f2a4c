using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Paradarum.Bench.Load;

/// <summary>What every benchmark says in the same way: the machine, and where the figures are kept.</summary>
internal static class BenchReport
{
    public static readonly Func<Option<string?>> Out = () =>
        new Option<string?>("--out") { Description = "Also write the figures to this file, as Markdown.", HelpName = "FILE" };

    public static string Machine() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Machine: {Environment.ProcessorCount} processors, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}, load average at the end {ProcessFacts.LoadAverage()}."
        );

    public static Option<int> Number(string name, string description, int byDefault, int most)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} 1 to {most}.",
            HelpName = "N",
            DefaultValueFactory = _ => byDefault,
        };
        option.Validators.Add(found =>
        {
            if (found.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var value) && value >= 1 && value <= most))
                found.AddError($"{name}: give a number from 1 to {most}.");
        });
        return option;
    }

    public static async Task<int> KeepAsync(string report, string? file, CancellationToken stop)
    {
        Console.Write(report);
        if (file is null)
            return 0;
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(file, report, stop);
        return 0;
    }
}
