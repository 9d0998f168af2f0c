using System.CommandLine;

namespace Router.Cli.Commands;

internal static class ExportCommand
{
    public static Command Make() => new("export", "");
}
