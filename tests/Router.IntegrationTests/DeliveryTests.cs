using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class DeliveryTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lead_ThreeDestinations_EachGetsItsPartnerIdAndAValidSignature()
    {
        var site = await _router.CreateSite();
        TestDestination[] destinations = [site.LeadManager, await site.AddDestination("a"), await site.AddDestination("b")];

        var lead = await site.PostLead();

        var received = new List<Received>();
        foreach (var destination in destinations)
        {
            var request = Assert.Single(await _router.Receiver.Wait(destination.Path, 1));
            Assert.Equal(destination.PartnerId, request.Json.GetProperty("partner_id").GetString());
            Assert.True(request.IsSignedWith(destination.Secret));
            Assert.Equal(lead, request.Json.GetProperty("id").GetString());
            Assert.Equal("created", request.Json.GetProperty("action").GetString());
            Assert.Equal(site.Id.ToString(), request.Json.GetProperty("site_uuid").GetString());
            Assert.Equal("www.site.test", request.Json.GetProperty("site_domain").GetString());
            Assert.Equal($"https://www.site.test/login/{lead}", request.Json.GetProperty("site_login_url").GetString());
            Assert.Equal("Test Website", request.Json.GetProperty("source_system").GetString());
            received.Add(request);
            await site.Delivery(destination, "delivered");
        }

        Assert.Single(received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal));
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Request_Headers_AreTheContracts()
    {
        var site = await _router.CreateSite();
        await site.PostLead();
        var headers = Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Headers;

        Assert.Equal("application/json", headers["Content-Type"]);
        Assert.Equal("RealGeeks-LeadRouter/1.0", headers["User-Agent"]);
        Assert.Equal("created", headers["X-Lead-Router-Action"]);
        Assert.True(Guid.TryParseExact(headers["X-Lead-Router-Message-Id"], "D", out _));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", headers["X-Lead-Router-Timestamp"]);
        Assert.Matches("^[0-9a-f]{64}$", headers["X-Lead-Router-Signature"]);
        Assert.Equal("1", headers["X-Lead-Router-Attempt"]);
        // Nothing that would tie our traces to the receiver's, no compression, no chunks.
        Assert.Equal(
            ["Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent", "X-Lead-Router-Action",
                "X-Lead-Router-Attempt", "X-Lead-Router-Message-Id", "X-Lead-Router-Signature", "X-Lead-Router-Timestamp"],
            headers.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Lead_WithUnknownFields_ArrivesWithItsBytesKept()
    {
        var site = await _router.CreateSite();
        var response = await site.Post(
            """{"zeta":2.50,"source":"s","alpha":{ "b":[1,  2] }"""
            + ""","email":"a@b.c","smile":"\ud83d\ude00","lone":"\ud800","big":123456789012345678901234567890}""");
        Assert.Equal(201, (int)response.StatusCode);
        Assert.Equal("{}", await response.Content.ReadAsStringAsync());

        var body = System.Text.Encoding.UTF8.GetString(Assert.Single(await _router.Receiver.Wait(site.LeadManager.Path, 1)).Body);
        Assert.StartsWith(
            """{"zeta":2.50,"source":"s","alpha":{ "b":[1,  2] }"""
            + ""","email":"a@b.c","smile":"\ud83d\ude00","lone":"\ud800","big":123456789012345678901234567890,"action":"created","id":""",
            body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_Patched_NextLeadGoesByTheChange()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("old");
        await site.PostLead();
        await _router.Receiver.Wait(destination.Path, 1);

        var path = $"/new-{site.Id:N}";
        await site.Patch(destination,
            new { url = new Uri(_router.Receiver.Url, path), secret = "a new secret", partner_id = "a new partner" });
        // In force within a second on every worker.
        await Task.Delay(1000);
        await site.PostLead();

        var request = Assert.Single(await _router.Receiver.Wait(path, 1));
        Assert.True(request.IsSignedWith("a new secret"));
        Assert.Equal("a new partner", request.Json.GetProperty("partner_id").GetString());
        Assert.Single(_router.Receiver.At(destination.Path));
    }

    [Fact]
    public async Task Destination_InactiveOrDeleted_GetsNothing()
    {
        var site = await _router.CreateSite();
        var inactive = await site.AddDestination("inactive", active: false);
        var deleted = await site.AddDestination("deleted");
        (await _router.Admin.DeleteAsync($"/api/sites/{site.Id}/destinations/{deleted.Id}")).EnsureSuccessStatusCode();

        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        Assert.Empty(_router.Receiver.At(inactive.Path));
        Assert.Empty(_router.Receiver.At(deleted.Path));

        await site.Patch(inactive, new { active = true });
        await Task.Delay(1000);
        await site.PostLead();
        await _router.Receiver.Wait(inactive.Path, 1);
        await site.AssertAccountedFor(events: 2);
    }

    [Fact]
    public async Task Destination_DeactivatedWhileRetrying_DeliveryIsCanceled()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("a");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "2";
            await Task.CompletedTask;
        });
        await site.PostLead();
        await site.Delivery(destination, "retrying");
        await site.Patch(destination, new { active = false });

        await site.Delivery(destination, "canceled");
        Assert.Single(_router.Receiver.At(destination.Path));
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Event_WhosePlanPostgresLost_IsPlannedAndSentAnew()
    {
        var site = await _router.CreateSite();
        var failing = new TaskCompletionSource();
        _router.Receiver.Answer(site.LeadManager.Path, async (context, _) =>
        {
            if (!failing.Task.IsCompleted)
            {
                await failing.Task;
                context.Response.StatusCode = 500;
            }
        });
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        // What a crash of Postgres leaves: nothing of a plan whose commit wasn't flushed.
        await _router.Query<int?>(
            "with d as (delete from deliveries where site_id = @Id) delete from lead_events where site_id = @Id returning 1",
            new { site.Id });
        failing.SetResult();

        await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal(2, _router.Receiver.At(site.LeadManager.Path).Count);
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Destination_WithNoUrl_FailsAloneAndLeavesTheOthersBe()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("broken");
        await _router.Query<int>("update destinations set url = 'http://[' where id = @Id returning 1", new { destination.Id });
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal("invalid_url", (await site.Delivery(destination, "dead")).GetProperty("last_error").GetString());
    }

    [Fact]
    public async Task Event_PublishedTwice_IsFannedOutOnce()
    {
        var site = await _router.CreateSite();
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        var message = JsonSerializer.Serialize(new
        {
            event_id = id, site_id = site.Id, action = "created", lead_id = Guid.NewGuid(), accepted_at = TimeProvider.System.GetUtcNow(),
            product = "p", source_system = "P", lead = new { source = "x" },
        });
        await _router.Broker.Publish(_router.VirtualHost, "lead-events", message);
        await site.Delivery(site.LeadManager, "delivered");
        await _router.Broker.Publish(_router.VirtualHost, "lead-events", message);
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 2);

        Assert.Equal(id.ToString(),
            Assert.Single(_router.Receiver.At(site.LeadManager.Path), request => request.MessageId == id.ToString()).MessageId);
        await site.AssertAccountedFor(events: 2);
    }

    [Fact]
    public async Task Event_Malformed_IsSetAsideWhereAnOperatorSeesIt()
    {
        await _router.Broker.Publish(_router.VirtualHost, "lead-events", "{\"event_id\": \"not a lead event\"}");
        await _router.Broker.Publish(_router.VirtualHost, "lead-events", "no JSON at all");

        // Those behind it go on.
        var site = await _router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");

        await Eventually.True(
            async () => await _router.Query<long>(
                "select count(*) from set_aside where queue = 'lead-events' and reason = 'unreadable'") == 2,
            "both messages are set aside");
        Assert.Equal("no JSON at all", await _router.Query<string>("select convert_from(message, 'UTF8') from set_aside where size = 14"));
        // Filed once, and said.
        Assert.DoesNotContain(
            (await _router.Broker.Queues(_router.VirtualHost)).EnumerateArray(),
            queue => queue.GetProperty("name").GetString() is "lead-events_skipped" or "lead-events_error");
        await Eventually.True(() => _router.Output.Contains("is set aside", StringComparison.Ordinal), "the log says so");
        await _router.Query<int>("delete from set_aside where reason = 'unreadable' returning 1");
    }

    [Fact]
    public async Task Queues_OfTheRouter_AreQuorumQueues()
    {
        var queues = await _router.Broker.Queues(_router.VirtualHost);
        var types = queues.EnumerateArray()
            .ToDictionary(queue => queue.GetProperty("name").GetString()!, queue =>
            queue.GetProperty("type").GetString(), StringComparer.Ordinal);
        Assert.All(
            ["lead-events", "lead-events-fresh", "lead-events-large", "lead-retries", "lead-dead-letters"],
            name => Assert.Contains(name, types));
        Assert.All(types.Values, type => Assert.Equal("quorum", type));
    }
}
