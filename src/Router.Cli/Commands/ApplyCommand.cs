using System.CommandLine;

namespace Router.Cli.Commands;

internal static class ApplyCommand
{
    public static Command Make() => new("apply", "");
}
