using System.CommandLine;

namespace Router.Cli.Commands;

/// <summary><c>router completion</c>: lets a shell complete commands and options.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # source <(router completion bash)
        _router() {
            local IFS=$'\n'
            local all="$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)"
            COMPREPLY=($(compgen -W "$all" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _router router
        """;

    private const string Zsh = """
        # source <(router completion zsh)
        _router() {
            local -a suggestions
            suggestions=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -- $suggestions || _files
        }
        compdef _router router
        """;

    public static Command Make()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Prints a script with which a shell completes router's commands and options.") { shell };
        Invocation.Set(command, run =>
        {
            Console.Out.WriteLine(run.Get(shell) == "zsh" ? Zsh : Bash);
            return Task.FromResult(ExitCode.Fine);
        });
        return command;
    }
}
