using System.CommandLine;

namespace Paradarum;

/// <summary><c>paradarum completion</c>: a script that teaches a shell the commands and options; the shell asks this very program for them.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _paradarum() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(paradarum "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _paradarum paradarum
        """;

    private const string Zsh = """
        #compdef paradarum
        _paradarum() {
          local -a found
          found=("${(@f)$(paradarum "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found
        }
        compdef _paradarum paradarum
        """;

    private const string Fish = """
        function __paradarum
          set -l line (commandline -cp)
          paradarum "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c paradarum -f -a '(__paradarum)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion",
            """
            Print the script that completes commands and options in a shell.

            Examples:
              source <(paradarum completion bash)
              paradarum completion zsh > ~/.zfunc/_paradarum
              paradarum completion fish > ~/.config/fish/completions/paradarum.fish
            """
        )
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            Console.WriteLine(
                parsed.GetValue(shell) switch
                {
                    "zsh" => Zsh,
                    "fish" => Fish,
                    _ => Bash,
                }
            );
            return ExitCode.Done;
        });
        return command;
    }
}
