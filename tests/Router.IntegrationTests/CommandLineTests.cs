using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The program <c>router</c> as a process, against a real router: what it shows, and what it does to deliveries.</summary>
public sealed class CommandLineTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    private CommandLine Router => CommandLine.Of(_router);

    [Fact]
    public async Task ExitCode_OfWhatCannotBe_TellsWhy()
    {
        var url = _router.Api.Url.AbsoluteUri;
        Assert.Equal(2, (await Router.Run("nonsense")).ExitCode);
        Assert.Equal(2, (await Router.Run("deliveries", "list", "--state", "lost")).ExitCode);
        var without = await new CommandLine(url, token: null).Run("sites", "list");
        Assert.Equal((2, ""), (without.ExitCode, without.Output));
        Assert.Contains("ROUTER_TOKEN", without.Errors, StringComparison.Ordinal);
        Assert.Equal(5, (await new CommandLine(url, "an-unknown-token-an-unknown-token").Run("sites", "list")).ExitCode);
        Assert.Equal(4, (await new CommandLine("http://127.0.0.1:1", "t").Run("sites", "list")).ExitCode);
        Assert.Equal(1, (await Router.Run("sites", "show", $"{Guid.NewGuid()}")).ExitCode);
        Assert.Equal(0, (await Router.Run("--help")).ExitCode);
    }

    [Fact]
    public async Task Lists_OfASite_NameWhatItHas()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("mine");
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        var id = $"{site.Id}";

        Assert.Equal(id, (await Router.Run("sites", "list", "--find", id, "--json")).Json[0].GetProperty("id").GetString());
        var shown = (await Router.Run("sites", "show", id, "--json")).Json;
        Assert.Equal(2, shown.GetProperty("destinations").GetArrayLength());
        Assert.Equal($"web-{site.Id:N}", shown.GetProperty("senders")[0].GetString());
        var piped = await Router.Run("destinations", "list", "-s", id);
        Assert.Equal(0, piped.ExitCode);
        Assert.StartsWith("ID\tNAME\tKIND\tSTATE\tURL\n", piped.Output, StringComparison.Ordinal);
        Assert.Contains($"{destination.Id}\tmine\tcustom\ton\t", piped.Output, StringComparison.Ordinal);
        Assert.Contains("partner mine", (await Router.Run("destinations", "show", "MINE", "-s", id)).Output, StringComparison.Ordinal);
        Assert.Contains(id, (await Router.Run("products", "show", $"web-{site.Id:N}")).Output, StringComparison.Ordinal);
        Assert.Contains("delivered", (await Router.Run("deliveries", "list", "-s", id, "-d", "mine")).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await Router.Run("deliveries", "list", "-s", id, "-d", "yours")).ExitCode);
        var lead = (await Router.Run("leads", "list", "-s", id, "--json")).Json[0].GetProperty("lead_id").GetString()!;
        Assert.Contains("mine\tdelivered", (await Router.Run("leads", "show", lead)).Output, StringComparison.Ordinal);

        var statement = await Router.Run("statement", "-s", id);
        Assert.Equal(0, statement.ExitCode);
        Assert.Contains("mine\t1\t1\t0\t0\t0\t0\t0\t0\t0\n", statement.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_SwitchedAndPaused_IsSo()
    {
        var site = await _router.CreateSite();
        await site.AddDestination("switched");
        foreach (var (command, state) in new[] { ("pause", "paused by its owner"), ("resume", "on"), ("off", "off") })
        {
            var ran = await Router.Run("destinations", command, "switched", "-s", $"{site.Id}");
            Assert.Equal((0, $"switched is {state}.\n"), (ran.ExitCode, ran.Output));
        }

        // Lead Manager stays.
        Assert.Equal(1, (await Router.Run("destinations", "off", "Lead Manager", "-s", $"{site.Id}")).ExitCode);
    }

    [Fact]
    public async Task Why_OfALeadThatFailed_SaysWhatToDo()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("failing");
        _router.Receiver.Answer(destination.Path, 500);
        var lead = await site.PostLead("a note that nobody reads");
        var dead = await site.Delivery(destination, "dead");

        var why = await Router.Run("why", lead);
        Assert.Equal(0, why.ExitCode);
        Assert.Contains("failing: dead", why.Output, StringComparison.Ordinal);
        Assert.Contains("after 4 attempts: answered 500", why.Output, StringComparison.Ordinal);
        Assert.Contains(
            "The receiver has a problem of its own. Its log says more. Then send it again: "
            + $"router deliveries replay {dead.GetProperty("event_id")}",
            why.Output, StringComparison.Ordinal);
        Assert.Contains("Lead Manager: delivered", why.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody reads", why.Output, StringComparison.Ordinal);
        var message = (await Router.Run("why", dead.GetProperty("event_id").GetString()!, "--json")).Json;
        Assert.Equal("message", message.GetProperty("kind").GetString());
        Assert.Equal(2, message.GetProperty("deliveries").GetArrayLength());
        var unknown = await Router.Run("why", $"{Guid.NewGuid()}");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("No lead and no message has the id", unknown.Errors, StringComparison.Ordinal);

        _router.Receiver.Answer(destination.Path, 200);
        var @event = dead.GetProperty("event_id").GetString()!;
        Assert.Equal(0, (await Router.Run("deliveries", "retry", @event, "-d", "failing")).ExitCode);
        await site.Delivery(destination, "delivered");
        var shown = (await Router.Run("deliveries", "show", @event, "-d", "failing", "--json")).Json[0];
        Assert.Equal(5, shown.GetProperty("attempts").GetArrayLength());
    }

    [Fact]
    public async Task Replay_OfDeadOnes_WaitsUntilAllAreSent()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("replayed");
        _router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 3; i++)
            await site.PostNumbered(i);
        await Eventually.Equal(3, () => site.Count("dead", destination, "created"), "all are dead");
        _router.Receiver.Answer(destination.Path, 200);

        Assert.Equal(2, (await Router.Run("replays", "start", "-s", $"{site.Id}")).ExitCode);
        var replay = await Router.Run("replays", "start", "-s", $"{site.Id}", "--state", "dead", "--json");
        Assert.Equal(0, replay.ExitCode);
        Assert.Equal(3, replay.Json.GetProperty("replayed").GetInt32());
        Assert.NotEqual(JsonValueKind.Null, replay.Json.GetProperty("finished_at").ValueKind);
        await Eventually.Equal(3, () => site.Count("delivered", destination, "created"), "all are delivered");
        var id = replay.Json.GetProperty("id").GetString()!;
        Assert.Contains("3 of 3\tfinished", (await Router.Run("replays", "list", "-s", $"{site.Id}")).Output, StringComparison.Ordinal);
        Assert.Contains("3 of 3 sent", (await Router.Run("replays", "show", id, "-s", $"{site.Id}")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Router.Run("replays", "cancel", id, "-s", $"{site.Id}")).ExitCode);
    }

    [Fact]
    public async Task Test_OfADestination_FailsAsItsReceiverDoes()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("tested");
        var passed = await Router.Run("test", "tested", "-s", $"{site.Id}");
        Assert.Equal(0, passed.ExitCode);
        Assert.Contains("Passed.", passed.Output, StringComparison.Ordinal);
        _router.Receiver.Answer(destination.Path, 404);
        var failed = await Router.Run("test", "tested", "-s", $"{site.Id}");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("nothing at this path", failed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_OfASite_TellsWhatComes_UntilInterrupted()
    {
        var site = await _router.CreateSite();
        await using var tail = Router.Start([], "deliveries", "tail", "-s", $"{site.Id}", "--interval", "0.2", "--json");
        await site.PostLead();
        await Eventually.True(() => tail.Output.Contains("\"delivered\"", StringComparison.Ordinal), "the lead is told of");
        await tail.Interrupt();
        var ended = await tail.End();
        Assert.Equal((130, ""), (ended.ExitCode, ended.Errors));
        Assert.All(ended.Output.TrimEnd().Split('\n'), line => JsonSerializer.Deserialize<JsonElement>(line));
    }

    [Theory]
    [InlineData("lead_router", "a secret of a receiver")]
    [InlineData("both", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public async Task Listener_OfADestination_VerifiesAndPassesOn(string signature, string secret)
    {
        var site = await _router.CreateSite();
        var behind = $"/behind-{site.Id:N}";
        await using var listener = Router.Start(new() { ["ROUTER_SECRET"] = secret }, "listen", "--port", "0", "--count", "1", "--json",
            "--forward", new Uri(_router.Receiver.Url, behind).AbsoluteUri);
        var address = await Address(listener);
        await site.AddDestination("listening", url: $"{address}leads", signature: signature, secret: secret);
        await site.PostLead("a note for the receiver alone");

        var ended = await listener.End();
        Assert.Equal(0, ended.ExitCode);
        Assert.True(ended.Json.GetProperty("is_verified").GetBoolean());
        Assert.Equal("valid", ended.Json.GetProperty("lead_router").GetString());
        Assert.Equal(signature == "both" ? "valid" : null, ended.Json.GetProperty("standard_webhooks").GetString());
        Assert.Equal("created", ended.Json.GetProperty("action").GetString());
        Assert.DoesNotContain("receiver alone", ended.Output, StringComparison.Ordinal);
        var passed = Assert.Single(await _router.Receiver.Wait(behind, 1));
        Assert.True(passed.IsSignedWith(secret));
        Assert.Equal("a note for the receiver alone", passed.Json.GetProperty("notes").GetString());
    }

    [Fact]
    public async Task Listener_WithAnotherSecret_AnswersUnauthorized()
    {
        var site = await _router.CreateSite();
        await using var listener = Router.Start(
            new() { ["ROUTER_SECRET"] = "another one" }, "listen", "--port", "0", "--count", "1", "--show-body");
        var destination = await site.AddDestination("forged", url: $"{await Address(listener)}leads");
        await site.PostLead("a note to be shown");
        var ended = await listener.End();
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("signature wrong  answered 401", ended.Output, StringComparison.Ordinal);
        Assert.Contains("a note to be shown", ended.Output, StringComparison.Ordinal);
        await site.Patch(destination, new { active = false });
    }

    [Fact]
    public async Task Listener_Interrupted_EndsWell()
    {
        await using var listener = Router.Start(new() { ["ROUTER_SECRET"] = "s" }, "listen", "--port", "0");
        await Address(listener);
        await listener.Interrupt();
        Assert.Equal(0, (await listener.End()).ExitCode);
    }

    [Fact]
    public async Task Completion_OfBash_SuggestsCommands()
    {
        var script = await Router.Run("completion", "bash");
        var (code, output) = await Shell.Run("bash", ["-n"], directory: null, System.Text.Encoding.UTF8.GetBytes(script.Output));
        Assert.Equal((0, ""), (code, output));
        Assert.Contains("statement\n", (await Router.Run("[suggest:9]", "router st")).Output, StringComparison.Ordinal);
    }

    private static async Task<string> Address(RunningCommand listener)
    {
        await Eventually.True(() => listener.Errors.Contains("Listening at ", StringComparison.Ordinal), "it listens");
        return listener.Errors.Split("Listening at ")[1].Split('.', ',')[..4] is var parts ? string.Join('.', parts).TrimEnd() : "";
    }
}
