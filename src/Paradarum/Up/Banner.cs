using Spectre.Console;

namespace Paradarum.Up;

/// <summary>What a newcomer reads once everything runs: where things are, who may use them, and commands to copy.</summary>
internal static class Banner
{
    public static void Print(IAnsiConsole console, UpFile facts, string dataFolder)
    {
        console.WriteLine();
        console.MarkupLine("[bold green]Paradarum is up.[/] Ctrl-C stops it.");
        console.WriteLine();
        Line("panel", $"{facts.Api}/");
        Line("API", facts.Api);
        Line("API key", facts.ApiKey);
        Line("operator", $"{facts.AdminEmail}  password {facts.AdminPassword}");
        Line("property", $"{facts.PropertyId}  ({facts.Hostname})");
        Line("origin", facts.Origin);
        foreach (var shield in facts.Shields)
            Line("shield", $"{shield.Url}  ({shield.Id}, answers PoPs only)");
        foreach (var pop in facts.Pops)
        {
            Line("PoP", $"{VisitUrl(facts, pop)}  ({pop.Id})");
            if (pop.Https is not null)
                Line("", SecuredUrl(facts, pop));
        }
        Line("facts", Path.Combine(dataFolder, "up.json"));
        console.WriteLine();
        Command("Visit a page. Twice: the second answer is a HIT with the same time.", VisitCommand(facts));
        Command("Purge it, and wait until every node has forgotten it: state complete.", PurgeCommand(facts));
        Command("Visit again: a MISS, with a new time.", VisitCommand(facts));
        Command(
            "Purge from the command line, with a bar for each node.",
            $"{Self()} purge --path / --wait --url {facts.Api} --key-file {Quoted(Path.Combine(dataFolder, "up.json"))}"
        );

        if (facts is { AuthorityFile: { } authority, Pops: [{ Https: not null } first, ..] })
        {
            Command(
                "Over HTTPS: the certificate is of a local authority, which only this file makes believable.",
                $"curl -si --cacert {authority} {SecuredUrl(facts, first)}"
            );
            Command(
                "To have browsers believe it: import it as an authority in their settings, or for the whole machine (Debian, Ubuntu):",
                $"sudo cp {authority} /usr/local/share/ca-certificates/paradarum-local.crt && sudo update-ca-certificates"
            );
        }

        void Line(string label, string text) => Plain($"  {label, -10}{text}");

        void Command(string what, string command)
        {
            console.MarkupLineInterpolated($"[dim]# {what}[/]");
            Plain(command);
            Plain("");
        }

        // Written past the console's own line breaking: what is to be copied must come in one piece.
        void Plain(string text) => console.Profile.Out.Writer.WriteLine(text);
    }

    /// <summary>As this process was started, for it need not be on the path.</summary>
    private static string Self() =>
        Path.GetFileName(Environment.ProcessPath) is "dotnet"
            ? $"dotnet {Quoted(Path.GetFullPath(Environment.GetCommandLineArgs()[0]))}"
            : Quoted(Environment.ProcessPath ?? "paradarum");

    private static string Quoted(string path) => path.Any(char.IsWhiteSpace) ? $"'{path}'" : path;

    private static string VisitUrl(UpFile facts, UpFile.Node pop) => $"http://{facts.Hostname}:{new Uri(pop.Url).Port}/";

    private static string SecuredUrl(UpFile facts, UpFile.Node pop) => $"https://{facts.Hostname}:{new Uri(pop.Https!).Port}/";

    private static string VisitCommand(UpFile facts) => $"curl -si {VisitUrl(facts, facts.Pops[0])}";

    // The key may hold '!': it stands in single quotes alone, or an interactive shell would look it up in its history.
    private static string PurgeCommand(UpFile facts) =>
        $$"""
            curl -si -H 'X-API-Key: {{facts.ApiKey}}' -H 'Content-Type: application/json' -d '{"type":"Path","value":"/"}' {{facts.Api}}/api/property/{{facts.PropertyId}}/purge | sed -n 's|^Location: \(.*\)\r|{{facts.Api}}\1?wait=30s|p' | xargs curl -s -H 'X-API-Key: {{facts.ApiKey}}'
            """;
}
