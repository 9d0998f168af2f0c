using System.CommandLine;

namespace Router.Cli.Commands;

internal static class DoctorCommand
{
    public static Command Make() => new("doctor", "");
}
