using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// Deliveries that are planned and have no row yet, because nothing has come of them: the statement counts them, an erasure cancels them, a
/// replay of what was missed leaves them alone, and when their event comes back exactly they are sent.
/// </summary>
public sealed class FirstOutcomeTests(SharedRouter shared) : IClassFixture<SharedRouter>, IAsyncDisposable
{
    private readonly RouterFixture _router = shared.Router;
    private readonly List<Guid> _planned = [];

    /// <summary>Some of these are lost for good; the fixture, which looks for such, needn't find them.</summary>
    public async ValueTask DisposeAsync()
    {
        await using var database = await _router.OpenDatabase();
        await database.ExecuteAsync(
            "delete from deliveries where event_id = any(@_planned); delete from lead_events where id = any(@_planned)", new { _planned });
    }

    [Fact]
    public async Task Event_ThatComesBack_GoesWhereItWasPlannedAndHasNoOutcome()
    {
        var site = await _router.CreateSite();
        var (has, lacks, unplanned) = (
            await site.AddDestination("has it"), await site.AddDestination("lacks it"), await site.AddDestination("came later"));
        var (id, lead) = await Plan(site, has, lacks);
        await Record(id, has, "delivered");

        await _router.Broker.Publish(
            _router.VirtualHost, "lead-events", Message(site, id, lead), new KeyValuePair<string, string>("MT-Reason", "fault"));
        await site.Delivery(lacks, "delivered");
        await site.Delivery(site.LeadManager, "delivered");
        Assert.Empty(_router.Receiver.At(has.Path));
        Assert.Empty(_router.Receiver.At(unplanned.Path));
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Event_WithoutAnyOutcome_IsOnItsWayInTheStatement()
    {
        var site = await _router.CreateSite();
        var (planned, other) = (await site.AddDestination("planned"), await site.AddDestination("not chosen"));
        await Plan(site, planned);
        var statement = await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement");
        Assert.True(statement.GetProperty("balanced").GetBoolean());
        Assert.Equal((1, 0), await Counts(site, planned));
        Assert.Equal((0, 1), await Counts(site, other));
        Assert.Equal(0, await MissedBy(site, planned));
        Assert.Equal(1, await MissedBy(site, other));
    }

    [Fact]
    public async Task Event_WithoutAnyOutcomeForADay_IsMissingAndCanBeSentAgain()
    {
        var site = await _router.CreateSite();
        var lost = await site.AddDestination("lost");
        var (id, _) = await Plan(site, lost);
        await _router.Query<int>("update lead_events set planned_at = now() - interval '25 hours' where id = @id returning 1", new { id });
        Assert.Equal(2, await _router.Query<int>("select sum(missing)::int from statement where site_id = @Id", new { site.Id }));

        foreach (var destination in new[] { lost, site.LeadManager })
            Assert.Equal(1, await MissedBy(site, destination));
        await _router.Receiver.Wait(lost.Path, 1);
        await site.Delivery(site.LeadManager, "delivered");
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Lead_ErasedBeforeAnyOutcome_IsCanceledAndNotSentWhenItsEventComesBack()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("never has it");
        var (id, lead) = await Plan(site, destination);
        Assert.Equal("""{"events":1,"canceled":2}""",
            await (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{lead}")).Content.ReadAsStringAsync());
        await site.Delivery(destination, "canceled");

        await _router.Broker.Publish(
            _router.VirtualHost, "lead-events", Message(site, id, lead), new KeyValuePair<string, string>("MT-Reason", "fault"));
        await site.PostLead();
        await _router.Receiver.Wait(destination.Path, 1);
        Assert.DoesNotContain(_router.Receiver.At(destination.Path), request => request.MessageId == id.ToString());
        await site.AssertAccountedFor(2);
    }

    /// <summary>What a worker leaves that planned an event for these and for Lead Manager, and died.</summary>
    private async Task<(Guid Id, Guid Lead)> Plan(TestSite site, params IEnumerable<TestDestination> destinations)
    {
        var (id, lead) = (Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), Guid.NewGuid());
        await _router.Query<int>(
            """
            insert into lead_events (id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, body, destinations)
            values (@id, @Site, 'created', @lead, @lead::text, 'p', 'P', now(), '{"source":"x"}', @Destinations)
            returning 1
            """,
            new { id, Site = site.Id, lead,
                Destinations = destinations.Prepend(site.LeadManager).Select(destination => destination.Id).ToArray() });
        _planned.Add(id);
        return (id, lead);
    }

    private async Task Record(Guid id, TestDestination destination, string state) => await _router.Query<int>(
        """
        insert into deliveries (
            event_id, destination_id, site_id, state, attempts, attempt, started_at, duration_us, result, accepted_at, finished_at)
        select id, @Destination, site_id, @state, 1, 1, now(), 1, 'delivered', accepted_at, now() from lead_events where id = @id
        returning 1
        """, new { id, Destination = destination.Id, state });

    private static string Message(TestSite site, Guid id, Guid lead) => JsonSerializer.Serialize(new
    {
        event_id = id, site_id = site.Id, action = "created", lead_id = lead, accepted_at = TimeProvider.System.GetUtcNow(), product = "p",
        source_system = "P",
        lead = new { source = "x" },
    });

    private async Task<(int Retrying, int Skipped)> Counts(TestSite site, TestDestination destination)
    {
        await using var database = await _router.OpenDatabase();
        return await database.QuerySingleAsync<(int, int)>(
            "select sum(retrying)::int, sum(skipped)::int from statement where site_id = @Site and destination_id = @Destination",
            new { Site = site.Id, Destination = destination.Id });
    }

    /// <summary>How many leads a replay of what the destination missed finds.</summary>
    private async Task<int> MissedBy(TestSite site, TestDestination destination) =>
        (await (await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays",
            new { missed = true, destination = destination.Id, from = TimeProvider.System.GetUtcNow().AddHours(-1) }))
            .Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32();
}
