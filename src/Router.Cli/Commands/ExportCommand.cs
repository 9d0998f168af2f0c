using System.CommandLine;
using Router.Cli.Configuration;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router export</c>: writes what there is, for <c>apply</c>.</summary>
internal static class ExportCommand
{
    public static Command Make()
    {
        var output = new Option<FileInfo?>("--output", "-o")
        {
            Description = "The file to write. Default: standard output.", HelpName = "FILE",
        };
        var site = new Option<string?>("--site", "-s")
        {
            Description = "Only this site, with its senders and what of the catalogue it uses. Default: everything.", HelpName = "SITE",
        };
        var command = new Command("export", "Writes what the router has as a file for apply; secrets as references. For operators.")
        {
            output, site,
        };
        Invocation.Set(command, async run =>
        {
            var present = await Present.Read(run);
            Guid? only = run.Get(site) is { } named ? Things.Id(await run.Site(named)) : null;
            var yaml = new Exported(present).ToYaml(only);
            if (run.Get(output) is { } file)
                await File.WriteAllTextAsync(file.FullName, yaml, run.Cancellation);
            else
                await Console.Out.WriteAsync(yaml);
            Output.Note($"{Plain.Number(only is null ? present.Sites.Count : 1)} sites written.");
            return ExitCode.Fine;
        });
        return command;
    }
}
