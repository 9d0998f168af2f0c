using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary><c>router deliveries tail</c> where more happens than fits into one look.</summary>
public sealed class TailTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const int Leads = 50;

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Tail_OfABusySite_TellsOfEachThatComesAndOfAnOldOneThatWaited()
    {
        var site = await _router.CreateSite();
        var failing = await site.AddDestination("failing");
        await site.Patch(failing, new { retry_schedule = new[] { 3600 } });
        _router.Receiver.Answer(failing.Path, 500);
        await using var tail = CommandLine.Of(_router).Start([], "deliveries", "tail", "-s", $"{site.Id}", "--interval", "0.2", "--json");
        await site.PostLead();
        await Eventually.Equal(1, () => Task.FromResult(Told(tail, "retrying").Count), "the failure is told of");
        var message = Told(tail, "retrying").Single().GetProperty("event_id").GetString()!;
        _router.Receiver.Answer(failing.Path, 200);
        for (var i = 0; i < 9; i++)
            await site.AddDestination($"another {i}");

        // More than the API has on a page, between two looks.
        await tail.Freeze();
        await Task.WhenAll(Enumerable.Range(0, Leads).Select(_ => site.PostLead()));
        await Eventually.Equal(Leads * 11 + 1L, () => _router.Query<long>(
            "select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }), "all are delivered");
        await tail.Thaw();
        await Eventually.Equal(Leads * 11 + 1, () => Task.FromResult(Told(tail, "delivered").Count), "all are told of");

        Assert.Equal(0, (await CommandLine.Of(_router).Run("deliveries", "retry", message, "-d", "failing")).ExitCode);
        await Eventually.True(
            () => Told(tail, "delivered").Exists(row => row.GetProperty("event_id").GetString() == message
                && row.GetProperty("destination_id").GetGuid() == failing.Id), "the one that waited is told of");
        await tail.Interrupt();
        Assert.Equal("", (await tail.End()).Errors);
    }

    private static List<JsonElement> Told(RunningCommand tail, string state) =>
        [.. tail.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(row => row.GetProperty("state").GetString() == state)];
}
