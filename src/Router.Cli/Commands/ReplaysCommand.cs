using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router replays</c>: sends many deliveries again.</summary>
internal static class ReplaysCommand
{
    private static readonly string[] States = ["dead", "delivered", "rejected", "canceled"];

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    public static Command Make() => new("replays", "Sends many deliveries of a site again.") { Start(), List(), Show(), Cancel() };

    private static Command Start()
    {
        var (site, destination) = (Things.SiteOption(), Things.DestinationOption());
        var state = new Option<string?>("--state") { Description = $"Those that are {string.Join(", ", States)}.", HelpName = "STATE" };
        state.AcceptOnlyFromAmong(States);
        var missed = new Option<bool>("--missed")
        {
            Description = "Instead of a state: all that a destination didn't get since --from, also what came while it was off.",
        };
        var lead = new Option<Guid?>("--lead") { Description = "Only those of this lead.", HelpName = "ID" };
        var status = new Option<int?>("--status") { Description = "Only those whose last answer had this status.", HelpName = "CODE" };
        var error = new Option<string?>("--error") { Description = "Only those that failed with this last, such as timeout." };
        var (from, to) = (Times.Option("--from", "Accepted then or later"), Times.Option("--to", "Accepted before then"));
        var noWait = new Option<bool>("--no-wait") { Description = "Don't wait until all is sent." };
        var command = new Command("start", "Starts a replay and shows how far it is. It goes on when you leave with Ctrl+C.")
        {
            site, state, missed, destination, lead, status, error, from, to, noWait,
        };
        Invocation.Set(command, async run =>
        {
            if (run.Get(state) is null == !run.Get(missed))
                throw new UsageException("Either --state or --missed says what to send again.");
            var id = await run.SiteId(site);
            var request = new JsonObject
            {
                ["state"] = run.Get(state), ["missed"] = run.Get(missed) ? true : null,
                ["destination"] = run.Get(destination) is { } named ? Things.Id(await run.Destination(id, named)) : null,
                ["lead"] = run.Get(lead)?.ToString(), ["status"] = run.Get(status), ["error"] = run.Get(error),
                ["from"] = Times.Text(run.Get(from)), ["to"] = Times.Text(run.Get(to)),
            };
            var job = (await run.Api.Send(HttpMethod.Post, $"sites/{id}/replays", request, run.Cancellation))!.AsObject();
            var leftOut = job["left_out"] as JsonObject;
            if (!run.Get(noWait))
                job = await Wait(run, id, job);
            if (leftOut is not null)
                job["left_out"] = leftOut.DeepClone();
            run.Output.Json(job);
            Write(run.Output, job);
            return ExitCode.Fine;
        });
        return command;
    }

    private static async Task<JsonObject> Wait(Invocation run, Guid site, JsonObject job)
    {
        try
        {
            await ProgressBar.Show("sent again", async progress =>
            {
                while (job["finished_at"] is null)
                {
                    progress(job["replayed"]!.GetValue<int>(), job["total"]!.GetValue<int>());
                    await Task.Delay(BetweenLooks, run.Cancellation);
                    job = await run.Api.Get($"sites/{site}/replays/{Things.Id(job)}", run.Cancellation);
                }
            });
            return job;
        }
        catch (OperationCanceledException)
        {
            Output.Note($"The replay goes on. To end it: router replays cancel {Things.Id(job)} --site {site}");
            throw;
        }
    }

    private static Command List()
    {
        var (site, limit) = (Things.SiteOption(), Limits.Option());
        var command = new Command("list", "Lists them, newest first.") { site, limit };
        Invocation.Set(command, async run =>
        {
            var jobs = await run.Api.List(
                $"sites/{await run.SiteId(site)}/replays", "", run.Get(limit), run.Cancellation).ToList();
            run.Output.Json(jobs.AsJson());
            run.Output.Table(["ID", "ASKED FOR", "BY", "WHICH", "SENT", "STATE"], jobs.Select(job => new[]
            {
                $"{job["id"]}", Plain.Time(job["created_at"]), $"{job["created_by"]}", $"{job["state"] ?? "missed"}",
                $"{job["replayed"]} of {job["total"]}", State(job),
            }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Show() => One("show", "Shows how far one is.", (run, path) => run.Api.Get(path, run.Cancellation));

    private static Command Cancel() => One("cancel", "Sends no more of one.", async (run, path) =>
        (await run.Api.Send(HttpMethod.Delete, path, body: null, run.Cancellation))!.AsObject());

    private static Command One(string name, string description, Func<Invocation, string, Task<JsonObject>> ask)
    {
        var id = new Argument<Guid>("REPLAY") { Description = "Its id." };
        var site = Things.SiteOption();
        var command = new Command(name, description) { id, site };
        Invocation.Set(command, async run =>
        {
            var job = await ask(run, $"sites/{await run.SiteId(site)}/replays/{run.Get(id)}");
            run.Output.Json(job);
            Write(run.Output, job);
            return ExitCode.Fine;
        });
        return command;
    }

    private static void Write(Output output, JsonObject job)
    {
        output.Line($"Replay {job["id"]}: {Plain.Number(job["replayed"]!.GetValue<int>())} of "
            + $"{Plain.Number(job["total"]!.GetValue<int>())} sent, {State(job)}.");
        if (job["left_out"] is not JsonObject left)
            return;
        if (left["destination_off"]!.GetValue<int>() is > 0 and var off)
            output.Line($"Left out: {Plain.Number(off)} whose destination is off or deleted.");
        if (left["contents_deleted"]!.GetValue<int>() is > 0 and var gone)
            output.Line($"Left out: {Plain.Number(gone)} whose contents are deleted.");
    }

    private static string State(JsonObject job) =>
        job["canceled_at"] is not null ? "canceled" : job["finished_at"] is not null ? "finished" : "under way";
}
