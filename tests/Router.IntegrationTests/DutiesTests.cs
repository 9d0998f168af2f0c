using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What hosts do again and again, and who hears of it when it fails.</summary>
public sealed class DutiesTests(TestServers servers) : IAsyncLifetime
{
    private RouterFixture _router = null!;

    // A host is known by its process.
    public async ValueTask InitializeAsync() => _router = await RouterFixture.StartProcesses(servers);

    public ValueTask DisposeAsync() => _router.DisposeAsync();

    [Fact]
    public async Task Replay_ThatPostgresRefuses_IsInTheLogAndHoldsUpNoOther()
    {
        var (refused, other) = (await Dead(), await Dead());
        await using var database = await _router.OpenDatabase();
        await database.ExecuteAsync($"""
            create function refuse_replay() returns trigger language plpgsql
                as 'begin raise exception ''out of shared memory'' using errcode = ''53200''; end';
            create trigger refuse_replay before update on deliveries for each row
                when (new.destination_id = '{refused.Destination.Id}' and new.state = 'retrying') execute function refuse_replay();
            """);
        var first = await Replay(refused.Site);
        var second = await Replay(other.Site);
        await other.Site.Delivery(other.Destination, "delivered");
        await Eventually.True(async () => await IsFinished(other.Site, second), "the other replay ends");
        Assert.False(await IsFinished(refused.Site, first));
        await Eventually.True(() =>
            _router.Output.Contains("Replaying\\\" failed (\\\"PostgresException 53200\\\")", StringComparison.Ordinal), "the log says so");

        await database.ExecuteAsync("drop trigger refuse_replay on deliveries");
        await refused.Site.Delivery(refused.Destination, "delivered");
        await Eventually.True(
            () => _router.Output.Contains("Replaying\\\" works again", StringComparison.Ordinal), "the log says that it is over");
    }

    [Fact]
    public async Task Operator_SeesWhatAHostDoesNotGetDone()
    {
        await using var database = await _router.OpenDatabase();
        await Eventually.True(
            async () => await database.QuerySingleAsync<bool>(
                "select count(distinct program) = 2 and bool_or(duty = 'Queueing of due retries') and not bool_or(is_late) "
                + "from host_duties where last_success_at is not null"),
            "both hosts report");
        using var browser = new Browserless(_router.Api.Url);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        // A busy machine takes a while to have its first look at everything.
        await Eventually.True(
            async () => (await browser.Get("/operator")).Text.Contains("All is well", StringComparison.Ordinal),
            "all is well", seconds: 60);

        await database.ExecuteAsync("""
            insert into host_duties (host, process_id, program, started_at, duty, last_success_at, last_error, is_late, reported_at)
            values ('elsewhere', 1, 'Router.Worker', now() - interval '1 hour', 'Retention', now() - interval '50 minutes',
                    'PostgresException 53200', true, now()),
                   ('dead-host', 2, 'Router.Worker', now() - interval '1 hour', 'Retention', now() - interval '5 minutes',
                    null, false, now() - interval '5 minutes')
            """);
        var page = (await browser.Get("/operator")).Text;
        Assert.DoesNotContain("All is well", page, StringComparison.Ordinal);
        Assert.Contains("Retention: not done. Router.Worker on elsewhere (process 1)", page, StringComparison.Ordinal);
        Assert.Contains("PostgresException 53200", page, StringComparison.Ordinal);
        Assert.Contains("Router.Worker on dead-host is silent.", page, StringComparison.Ordinal);
        await database.ExecuteAsync("delete from host_duties where host in ('elsewhere', 'dead-host')");
    }

    private async Task<(TestSite Site, TestDestination Destination)> Dead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("dead");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        _router.Receiver.Answer(destination.Path, 200);
        return (site, destination);
    }

    private async Task<Guid> Replay(TestSite site)
    {
        using var answer = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    private async Task<bool> IsFinished(TestSite site, Guid replay) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/replays/{replay}")).GetProperty("finished_at")
            .ValueKind is JsonValueKind.String;
}
