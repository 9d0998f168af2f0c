using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A message that can't be taken never holds up those behind it, is never silent, and has a way back.</summary>
public sealed class SetAsideTests(OwnRouter own) : IClassFixture<OwnRouter>
{
    private readonly RouterFixture _router = own.Router;

    [Fact]
    public async Task Message_TooLarge_InAnyQueue_IsSetAsideAndTheNextLeadArrives()
    {
        var site = await _router.CreateSite();
        // RabbitMQ 4 takes 16 MiB and no more unless it is told otherwise.
        var size = await MostThatTheBrokerTakes(72_000_000);
        foreach (var queue in new[] { "lead-events", "lead-events-fresh", "lead-events-large", "lead-retries", "returned-leads" })
        {
            var message = Event(site.Id, new string('x', size));
            await RawBroker.Publish(_router, queue, message.Utf8);
            await AssertNextLeadArrives(site);
            await Eventually.True(
                async () => await SetAside(message.Id) == "too_large", $"what is too large in {queue} is set aside", seconds: 60);
        }

        // Nobody takes from that one.
        await RawBroker.Publish(_router, "lead-dead-letters", Event(site.Id, new string('x', size)).Utf8);
        await AssertNextLeadArrives(site);
        Assert.Equal(5, await Statement(site));
    }

    [Fact]
    public async Task Outbox_RowOfAHundredAndFiftyMegabytes_IsSetAsideAndWhatIsBehindItGoesOut()
    {
        var site = await _router.CreateSite();
        var id = Guid.NewGuid();
        await using (var database = await _router.OpenDatabase())
        {
            await database.ExecuteAsync(
                """
                insert into lead_outbox (event_id, message)
                values (@id, convert_to(
                    '{"event_id":"' || @id || '","site_id":"' || @Site || '","lead":"' || repeat('x', 150000000) || '"}', 'UTF8'))
                """,
                new { id, Site = site.Id }, commandTimeout: 120);
            var behind = Event(site.Id, "behind");
            await database.ExecuteAsync("insert into lead_outbox (event_id, message) values (@Id, @Utf8)", new { behind.Id, behind.Utf8 });
        }

        await _router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
        await Eventually.Equal("too_large", () => SetAside(id), "the large one is set aside");
        Assert.Equal(site.Id, await _router.Query<Guid>("select site_id from set_aside where event_id = @id", new { id }));
    }

    [Fact]
    public async Task Event_OfAnUnknownSite_IsToldOnPageHealthAndApiAndSentAgainOnceTheSiteIsThere()
    {
        var site = Guid.NewGuid();
        var message = Event(site, "of a site to come");
        await RawBroker.Publish(_router, "lead-events", message.Utf8);
        await Eventually.Equal("unknown_site", () => SetAside(message.Id), "it is set aside");

        using var http = new HttpClient();
        var health = await http.GetFromJsonAsync<JsonElement>(new Uri(_router.Api.Url, "/health/ready"));
        Assert.Equal("Degraded", health.GetProperty("checks").GetProperty("set aside").GetString());
        using var @operator = new Browserless(_router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var overview = await @operator.Get("/operator");
        Assert.Contains("set aside", overview.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("All is well", overview.Text, StringComparison.Ordinal);
        Assert.Contains(message.Id.ToString(), (await @operator.Get("/operator/set-aside")).Text, StringComparison.Ordinal);

        var path = $"/lm-{site:N}";
        (await _router.Admin.PostAsJsonAsync("/api/sites", new
        {
            id = site, name = "Later", domain = "later.test",
            lead_manager = new { url = new Uri(_router.Receiver.Url, path), secret = "a secret for later" },
        })).EnsureSuccessStatusCode();
        var row = await _router.Query<Guid>("select id from set_aside where event_id = @Id", new { message.Id });
        (await _router.Admin.PostAsync($"/api/set-aside/{row}/send", content: null)).EnsureSuccessStatusCode();
        await _router.Receiver.Wait(path, 1);
        Assert.Equal(message.Id.ToString(), Assert.Single(_router.Receiver.At(path)).MessageId);
        Assert.Equal(HttpStatusCode.NotFound, (await _router.Admin.PostAsync($"/api/set-aside/{row}/send", content: null)).StatusCode);
    }

    [Fact]
    public async Task Message_Unreadable_IsCorrectedOnItsPageWithAWordInTheLogOfChanges()
    {
        var site = await _router.CreateSite();
        var message = Event(site.Id, "sound");
        var broken = Encoding.UTF8.GetString(message.Utf8).Replace("\"accepted_at\"", "\"accepted\"", StringComparison.Ordinal);
        await RawBroker.Publish(_router, "lead-events", Encoding.UTF8.GetBytes(broken));
        await Eventually.True(async () => await SetAside(message.Id) is "unreadable", "it is set aside");

        using var @operator = new Browserless(_router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var row = await _router.Query<Guid>("select id from set_aside where event_id = @Id", new { message.Id });
        var page = await @operator.Get($"/operator/set-aside/{row}");
        Assert.DoesNotContain("ann@mail.test", page.Html, StringComparison.Ordinal);
        var shown = await @operator.Submit(page, "Show the contents");
        Assert.Contains("ann@mail.test", shown.Html, StringComparison.Ordinal);
        Assert.Equal(1, await _router.Query<long>(
            "select count(*) from audit_log where kind = 'set_aside' and action = 'shown' and subject_id = @row",
            new { row = row.ToString() }));

        var refused = await @operator.Submit(shown, "Save and send again", ("contents", "no JSON"));
        Assert.Contains("must be a JSON object", refused.Text, StringComparison.Ordinal);
        await @operator.Submit(refused, "Save and send again", ("contents", Encoding.UTF8.GetString(message.Utf8)));
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        Assert.Null(await SetAside(message.Id));
    }

    [Fact]
    public async Task Message_CorrectedIntoOneThatIsSetAsideAlready_IsRefused()
    {
        var rows = new List<Guid>();
        for (var i = 0; i < 2; i++)
        {
            rows.Add(await _router.Query<Guid>(
                "insert into set_aside (queue, reason, size, digest, message) "
                + "values ('lead-events', 'unreadable', 1, @digest, 'x') returning id",
                new { digest = Guid.NewGuid().ToByteArray() }));
        }

        Assert.Equal(HttpStatusCode.NoContent, await Correct(rows[0]));
        Assert.Equal(HttpStatusCode.Conflict, await Correct(rows[1]));
        await _router.Query<int>("delete from set_aside where id = any(@rows) returning 1", new { rows });

        async Task<HttpStatusCode> Correct(Guid row)
        {
            using var contents = new StringContent($$"""{"n":"{{rows[0]}}"}""");
            using var answer = await _router.Admin.PutAsync($"/api/set-aside/{row}/message", contents);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Message_InAnErrorQueue_IsSetAsideAndGoneWithItsLead()
    {
        var site = await _router.CreateSite();
        var message = Event(site.Id, "put there by somebody's hand");
        await _router.Broker.DeclareQueue(_router.VirtualHost, "lead-events_error", new Dictionary<string,
            string>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" });
        await RawBroker.Publish(_router, "lead-events_error", message.Utf8);
        await Eventually.Equal("error_queue", () => SetAside(message.Id), "it is set aside", seconds: 60);

        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/leads/{message.Lead}")).EnsureSuccessStatusCode();
        Assert.Null(await SetAside(message.Id));
        await _router.Broker.DeleteQueue(_router.VirtualHost, "lead-events_error");
    }

    [Fact]
    public async Task Event_PlannedAndSentAgain_GoesOnlyToWhomItDidNotReach()
    {
        var site = await _router.CreateSite();
        var message = Event(site.Id, "planned, and its worker failed");
        await using (var database = await _router.OpenDatabase())
        {
            await database.ExecuteAsync(
                """
                insert into lead_events (
                    id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, body, destinations)
                values (@Id, @Site, 'created', @Lead, @Text, 'web', 'Web', now(), @Body, @Destinations)
                """,
                new { message.Id, Site = site.Id, message.Lead, Text = message.Lead.ToString(),
                    Body = "{\"source\":\"s\",\"email\":\"ann@mail.test\"}"u8.ToArray(), Destinations = new[] { site.LeadManager.Id } });
            await database.ExecuteAsync(
                "insert into set_aside (queue, reason, event_id, site_id, size, digest, message) "
                + "values ('lead-events', 'failed', @Id, @Site, 1, @Digest, @Utf8)",
                new { message.Id, Site = site.Id, Digest = message.Id.ToByteArray(), message.Utf8 });
        }

        var row = await _router.Query<Guid>("select id from set_aside where event_id = @Id", new { message.Id });
        (await _router.Admin.PostAsync($"/api/set-aside/{row}/send", content: null)).EnsureSuccessStatusCode();
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
    }

    [Fact]
    public async Task Lead_OfTheLargestSize_GoesThroughEveryLaneToItsDeadLetter()
    {
        var site = await _router.CreateSite();
        var failing = await site.AddDestination("fails at length");
        _router.Receiver.Answer(failing.Path, async (context, _) =>
        {
            context.Response.StatusCode = 500;
            await context.Response.Body.WriteAsync(new byte[100_000]);
        });
        var lead = JsonSerializer.Serialize(new { source = "s", email = "ann@mail.test", notes = new string('x', 1024 * 1024 - 100) });
        using (var response = await TestSite.UntilTaken(() => site.Post(lead)))
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await site.Delivery(site.LeadManager, "delivered");
        await site.Delivery(failing, "dead");
        await AssertNextLeadArrives(site);
    }

    private async Task<int> MostThatTheBrokerTakes(int wanted)
    {
        try
        {
            await RawBroker.Publish(_router, "lead-dead-letters", new byte[wanted]);
            return wanted;
        }
        catch (RabbitMQ.Client.Exceptions.RabbitMQClientException)
        {
            return 16 * 1024 * 1024 - 512;
        }
    }

    private async Task AssertNextLeadArrives(TestSite site)
    {
        var before = _router.Receiver.At(site.LeadManager.Path).Count;
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, before + 1, seconds: 60);
    }

    private async Task<string?> SetAside(Guid id) =>
        await _router.Query<string?>("select reason from set_aside where event_id = @id", new { id });

    private async Task<long> Statement(TestSite site) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/statement")).GetProperty("set_aside").GetInt64();

    private static (Guid Id, Guid Lead, byte[] Utf8) Event(Guid site, string note)
    {
        var (id, lead) = (Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), Guid.NewGuid());
        var message = new
        {
            event_id = id, site_id = site, action = "created", lead_id = lead, accepted_at = TimeProvider.System.GetUtcNow(),
            product = "web", source_system = "Web",
            lead = new { source = "s", email = "ann@mail.test", note },
        };
        return (id, lead, JsonSerializer.SerializeToUtf8Bytes(message));
    }
}
