using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Router.Cli.Listening;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router listen</c>: a receiver on this machine, to build one of your own against.</summary>
internal static class ListenCommand
{
    private const string Variable = "ROUTER_SECRET";

    public static Command Make()
    {
        var port = new Option<int>("--port", "-p") { Description = "The port; 0 for any.", DefaultValueFactory = _ => 9000 };
        var address = new Option<string>("--address")
        {
            Description = "The address to listen on.", DefaultValueFactory = _ => "127.0.0.1", HelpName = "ADDRESS",
        };
        var secretFile = new Option<FileInfo[]>("--secret-file")
        {
            Description = $"A file that holds the destination's secret; twice during a rotation. Default: the variable {Variable}.",
            HelpName = "FILE",
        };
        var forward = new Option<string?>("--forward")
        {
            Description = "Pass each verified request on to this URL, and its answer back to the router.", HelpName = "URL",
        };
        var showBody = new Option<bool>("--show-body") { Description = "Print what each request says: the contents of leads." };
        var count = new Option<int>("--count") { Description = "End after so many requests; 0 for never.", HelpName = "N" };
        var command = new Command(
            "listen", "Receives leads on this machine: verifies each signature, and passes them on. Until Ctrl+C.")
        {
            port, address, secretFile, forward, showBody, count,
        };
        Invocation.Set(command, run => Listen(run, run.Get(address)!, run.Get(port), Secrets(run.Get(secretFile) ?? []),
            Target(run.Get(forward)), run.Get(showBody), run.Get(count)));
        return command;
    }

    private static async Task<int> Listen(
        Invocation run, string address, int port, IReadOnlyList<string> secrets, Uri? forward, bool showBody, int count)
    {
        using var forwarding = forward is null ? null : new Forwarding(forward);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var turn = new Lock();
        var (heard, isAllGood) = (0, true);
        await using var listener = await Listener.Start(address, port, secrets, forwarding, request =>
        {
            lock (turn)
            {
                if (count > 0 && heard >= count)
                    return;
                Write(run.Output, request, showBody);
                isAllGood &= request.Verdict.IsGood && request.ForwardProblem is null;
                if (++heard == count)
                    enough.TrySetResult();
            }
        });
        Output.Note($"Listening at {listener.Url}{(forward is null ? "" : $", passing on to {forward}")}. The router sends here if its "
            + $"Network:Allow has {listener.Url.Authority} and a destination has this URL.");
        try
        {
            await enough.Task.WaitAsync(run.Cancellation);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how a listener ends.
        }

        return isAllGood ? ExitCode.Fine : ExitCode.Failed;
    }

    private static void Write(Output output, Heard heard, bool showBody)
    {
        var now = TimeProvider.System.GetUtcNow();
        output.JsonLine(Json(heard, now, showBody));
        output.Line(string.Join("  ", new[]
        {
            now.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture), heard.Action ?? "?", heard.MessageId ?? "no message id",
            $"attempt {heard.Attempt ?? "?"}", heard.Verdict.Sentence, heard.IsRepetition ? "again" : "", $"answered {heard.Status}",
            heard.ForwardProblem is null ? "" : $"not passed on: {heard.ForwardProblem}",
        }.Where(part => part.Length > 0)), heard.Verdict.IsGood && heard.Status is >= 200 and <= 299 ? Color.Green : Color.Red);
        if (showBody && !output.IsJson)
            Console.Out.WriteLine(Plain.Lines(heard.Contents()?.ToJsonString(new(Output.Compact) { WriteIndented = true }) ?? ""));
        Console.Out.Flush();
    }

    private static JsonObject Json(Heard heard, DateTimeOffset now, bool showBody)
    {
        var json = new JsonObject
        {
            ["at"] = now, ["action"] = heard.Action, ["message_id"] = heard.MessageId, ["attempt"] = heard.Attempt,
            ["timestamp"] = heard.Timestamp, ["is_verified"] = heard.Verdict.IsGood, ["lead_router"] = heard.Verdict.LeadRouter,
            ["standard_webhooks"] = heard.Verdict.StandardWebhooks, ["is_repetition"] = heard.IsRepetition, ["answered"] = heard.Status,
            ["forward_problem"] = heard.ForwardProblem,
        };
        if (showBody)
            json["body"] = heard.Contents();
        return json;
    }

    private static Uri? Target(string? text) =>
        text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url!.Scheme is "http" or "https" ? url
        : throw new UsageException("--forward must be an http or https URL, such as http://127.0.0.1:3000/leads.");

    private static string[] Secrets(FileInfo[] files)
    {
        try
        {
            var secrets = files.Select(file => File.ReadAllText(file.FullName).TrimEnd('\r', '\n'))
                .Concat(files.Length == 0 ? [Environment.GetEnvironmentVariable(Variable) ?? ""] : []).ToArray();
            return Array.TrueForAll(secrets, secret => secret.Length > 0) ? secrets
                : throw new UsageException($"There is no secret: set {Variable}, or name a file that holds it with --secret-file.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--secret-file: {unreadable.Message}");
        }
    }
}
