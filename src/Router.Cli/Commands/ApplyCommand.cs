using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Configuration;
using Router.Cli.Showing;
using Spectre.Console;

namespace Router.Cli.Commands;

/// <summary><c>router apply</c>: makes the router have what files say.</summary>
internal static class ApplyCommand
{
    private const int MostShown = 20;

    public static Command Make()
    {
        var files = new Option<string[]>("--file", "-f")
        {
            Description = "A file, a directory of .yaml files, or - for standard input; as often as you like.", Required = true,
            HelpName = "PATH",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would change. Ends with 3 if there is anything." };
        var prune = new Option<bool>("--prune")
        {
            Description = "Also delete what the files don't name, of the sites that they do name: destinations, senders, people.",
        };
        var credentials = new Option<FileInfo?>("--credentials")
        {
            Description = "Add passwords and links that the router makes, and shows only once, to this file.", HelpName = "FILE",
        };
        var command = new Command(
            "apply", "Makes the router have the sites, destinations, senders and people that files say. For operators.")
        {
            files, dryRun, prune, credentials,
        };
        Invocation.Set(command, run => Apply(
            run, run.Get(files)!, run.Get(dryRun), run.Get(prune), new NewCredentials(run.Get(credentials))));
        return command;
    }

    private static async Task<int> Apply(Invocation run, string[] files, bool dryRun, bool prune, NewCredentials credentials)
    {
        var problems = new List<Problem>();
        var wanted = new WantedFiles(problems).Read(files);
        if (problems.Count > 0)
            return Wrong(run.Output, problems);

        var secrets = new SecretValues();
        var plan = await new Planner(wanted, await Present.Read(run), secrets, prune, credentials).Make(run);
        if (plan.Problems.Count > 0)
            return Wrong(run.Output, plan.Problems);

        Show(run.Output, plan);
        if (secrets.Missing.ToList() is { Count: > 0 } missing)
            Output.Note($"{Plain.Number(missing.Count)} secrets can't be found and stay as the router has them, first of all "
                + $"{missing[0]} ({missing[0].Place}).");
        if (plan.Kept.Count > 0)
            Output.Note($"{Plain.Number(plan.Kept.Count)} things of these sites are in the router and not in the files, and stay; --prune "
                + $"deletes them: {string.Join(", ", plan.Kept.Take(MostShown))}{(plan.Kept.Count > MostShown ? ", …" : "")}.");
        if (dryRun || plan.IsEmpty)
        {
            run.Output.Json(Json(plan, dryRun, []));
            return plan.IsEmpty ? ExitCode.Fine : ExitCode.Changes;
        }

        return await Do(run, plan);
    }

    private static async Task<int> Do(Invocation run, Plan plan)
    {
        var work = new PlanRun(plan, run);
        try
        {
            await work.Do();
        }
        catch
        {
            Output.Note($"Stopped after {Plain.Number(work.Done)} of {Plain.Number(plan.Steps.Count())} changes; "
                + "the same command does the rest.");
            throw;
        }

        run.Output.Json(Json(plan, dryRun: false, work.Failures));
        foreach (var failure in work.Failures)
            Output.Note(failure);
        run.Output.Line(work.Failures.Count == 0 ? $"Done: {Plain.Number(work.Done)} changes."
            : $"{Plain.Number(work.Done)} changes done, {Plain.Number(work.Failures.Count)} refused.");
        return work.Failures.Count == 0 ? ExitCode.Fine : ExitCode.Failed;
    }

    private static int Wrong(Output output, List<Problem> problems)
    {
        output.Json(new JsonObject { ["problems"] = new JsonArray([.. problems.Select(problem => new JsonObject
        {
            ["place"] = problem.Place.ToString(), ["problem"] = problem.Sentence,
        })]) });
        foreach (var problem in problems.Take(MostShown))
            Output.Note(problem.ToString());
        if (problems.Count > MostShown)
            Output.Note($"… and {Plain.Number(problems.Count - MostShown)} more.");
        Output.Note("Nothing was changed.");
        return ExitCode.Usage;
    }

    private static void Show(Output output, Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            var (sign, color) = step.Kind switch
            {
                StepKind.Add => ("+", Color.Green),
                StepKind.Change => ("~", Color.Yellow),
                _ => ("-", Color.Red),
            };
            output.Line($"{sign} {step.Thing} {step.Name}", color);
            foreach (var field in step.Fields)
                output.Line($"    {field.Field}: {(field.From is null ? "" : $"{field.From} → ")}{field.To}");
        }

        output.Line(plan.IsEmpty ? $"Nothing to change: {Plain.Number(plan.Unchanged)} are as they should be."
            : $"{Plain.Number(plan.Count(StepKind.Add))} to add, {Plain.Number(plan.Count(StepKind.Change))} to change, "
            + $"{Plain.Number(plan.Count(StepKind.Delete))} to delete; {Plain.Number(plan.Unchanged)} are as they should be.");
    }

    private static JsonObject Json(Plan plan, bool dryRun, IEnumerable<string> failures) => new()
    {
        ["dry_run"] = dryRun, ["add"] = plan.Count(StepKind.Add), ["change"] = plan.Count(StepKind.Change),
        ["delete"] = plan.Count(StepKind.Delete), ["unchanged"] = plan.Unchanged,
        ["kept"] = new JsonArray([.. plan.Kept.Select(kept => (JsonNode)kept)]),
        ["steps"] = new JsonArray([.. plan.Steps.Select(step => step.ToJson())]),
        ["failures"] = new JsonArray([.. failures.Select(failure => (JsonNode)failure)]),
    };
}
