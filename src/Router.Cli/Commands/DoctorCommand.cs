using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Diagnosis;
using Router.Cli.Management;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router doctor</c>: is all there that a router needs?</summary>
internal static class DoctorCommand
{
    public static Command Make()
    {
        var variables = new Option<FileInfo[]>("--env-file")
        {
            Description = "A file of settings as variables, such as /etc/lead-router/router.env. The environment goes before it.",
            HelpName = "FILE",
        };
        var directory = new Option<string?>("--settings")
        {
            Description = "A directory whose files are settings, such as /etc/lead-router/secrets. Default: Settings__Directory.",
            HelpName = "DIR",
        };
        var afterRestore = new Option<bool>("--after-restore")
        {
            Description = "Says what is sent again and what is missing after Postgres was restored or RabbitMQ's disk was lost.",
        };
        var ids = new Option<FileInfo?>("--missing")
        {
            Description = "With --after-restore: a file of ids of leads or messages, one in each line; says which are nowhere.",
            HelpName = "FILE",
        };
        var send = new Option<bool>("--send")
        {
            Description = "With --after-restore: sends what was planned and nobody else would send. Stop the workers first.",
        };
        var command = new Command("doctor",
            "Checks the hosts' configuration, certificates, Postgres, RabbitMQ and clocks, and says what to do. Run it where a host runs.")
        {
            variables, directory, afterRestore, ids, send,
        };
        Invocation.Set(command, async run =>
        {
            var configuration = HostSettings.Read(run.Get(variables) ?? [], run.Get(directory));
            if (run.Get(afterRestore))
                return await AfterRestoreLook.Run(configuration, run.Get(ids), run.Get(send), run.Output, run.Cancellation);

            var findings = await Doctor.Look(
                configuration, RouterAddress.IsGiven(run) ? RouterAddress.Of(run) : null, run.Cancellation);
            run.Output.Json(new JsonArray([.. findings.Select(finding => finding.ToJson())]));
            foreach (var finding in findings)
                Write(run.Output, finding);
            return findings.Exists(finding => finding.Gravity is Gravity.Problem) ? ExitCode.Failed : ExitCode.Fine;
        });
        return command;
    }

    private static void Write(Output output, Finding finding)
    {
        var (word, color) = finding.Gravity switch
        {
            Gravity.Fine => ("ok     ", Color.Green),
            Gravity.Warning => ("warning", Color.Yellow),
            _ => ("PROBLEM", Color.Red),
        };
        output.Line($"{word}  {finding.Subject}: {finding.What}", color);
        if (finding.ToDo is not null)
            output.Line($"         {finding.ToDo}");
    }
}
