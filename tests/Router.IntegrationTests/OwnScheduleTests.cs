using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A destination with a schedule, a timeout and a time to live of its own.</summary>
public sealed class OwnScheduleTests(TestServers servers) : IAsyncLifetime
{
    private RouterFixture _router = null!;

    public async ValueTask InitializeAsync() => _router = await RouterFixture.Start(
        servers, workers: 2, ("Delivery:PauseTick", "00:00:00.2"), ("Delivery:Patience", "00:00:00.5"),
        ("Delivery:RequestTimeout", "00:00:05"), ("Delivery:Lease", "00:00:07"));

    public ValueTask DisposeAsync() => _router.DisposeAsync();

    [Fact]
    public async Task Schedule_OfADestination_IsItsOwn()
    {
        var site = await _router.CreateSite();
        var (once, usual) = (await site.AddDestination("once"), await site.AddDestination("usual"));
        foreach (var destination in new[] { once, usual })
            _router.Receiver.Answer(destination.Path, 500);
        Assert.Equal(1, (await site.Patch(once, new { retry_schedule = new[] { 1 } })).GetProperty("retry_schedule")[0].GetInt32());
        await InForce();
        await site.PostLead();
        await site.Delivery(once, "dead");
        await site.Delivery(usual, "dead");
        Assert.Equal((2, 4), (_router.Receiver.At(once.Path).Count, _router.Receiver.At(usual.Path).Count));

        // None: the router's own again.
        var cleared = await site.Patch(once, new { retry_schedule = Array.Empty<int>() });
        Assert.Equal(JsonValueKind.Null, cleared.GetProperty("retry_schedule").ValueKind);
        await InForce();
        await site.PostLead();
        await _router.Receiver.Wait(once.Path, 2 + 4);
    }

    [Fact]
    public async Task Timeout_OfADestination_IsItsOwn()
    {
        var site = await _router.CreateSite();
        var (patient, impatient) = (await site.AddDestination("patient"), await site.AddDestination("impatient"));
        _router.Receiver.Answer(patient.Path, (_, _) => Task.Delay(9000));
        _router.Receiver.Answer(impatient.Path, (_, _) => Task.Delay(3000));
        // Longer than a lease: nobody else may take it meanwhile.
        await site.Patch(patient, new { timeout = 20 });
        await site.Patch(impatient, new { timeout = 1, retry_schedule = new[] { 3600 } });
        await InForce();
        await site.PostLead();
        await site.Delivery(patient, "delivered");
        Assert.Single(_router.Receiver.At(patient.Path));
        var waiting = await site.Delivery(impatient, "retrying");
        Assert.Equal("timeout", waiting.GetProperty("last_error").GetString());

        // As a retry, too.
        var delivered = await site.Delivery(patient, "delivered");
        using var replayed = await _router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{delivered.GetProperty("event_id")}/{patient.Id}/replay", content: null);
        replayed.EnsureSuccessStatusCode();
        await _router.Receiver.Wait(patient.Path, 2);
        await site.Delivery(patient, "delivered");
        Assert.Equal(2, _router.Receiver.At(patient.Path).Count);
    }

    [Fact]
    public async Task Lead_ThatIsTooOld_IsGivenUpAndCanBeReplayed()
    {
        var site = await _router.CreateSite();
        var (failing, paused) = (await site.AddDestination("failing"), await site.AddDestination("paused"));
        _router.Receiver.Answer(failing.Path, 500);
        await site.Patch(failing, new { retry_schedule = new[] { 3600 }, time_to_live = 60 });
        await site.Patch(paused, new { paused = true, time_to_live = 60 });
        await InForce();
        await site.PostLead();
        await site.Delivery(failing, "retrying");
        await site.Delivery(paused, "held");
        await Age(site);

        foreach (var destination in new[] { failing, paused })
        {
            var dead = await site.Delivery(destination, "dead");
            Assert.Equal("too_old", dead.GetProperty("last_error").GetString());
            var letter = await Eventually.Get(
                async () => (await _router.Broker.Peek(_router.VirtualHost, "lead-dead-letters")).EnumerateArray()
                    .Select(message => JsonSerializer.Deserialize<JsonElement>(message.GetProperty("payload").GetString()!))
                    .FirstOrDefault(letter => letter.GetProperty("destination_id").GetGuid() == destination.Id),
                letter => letter.ValueKind is JsonValueKind.Object, "its dead letter");
            Assert.Equal("too_old", letter.GetProperty("last_error").GetString());
            Assert.Equal("jack@mail.test", letter.GetProperty("body").GetProperty("email").GetString());
        }

        Assert.Single(_router.Receiver.At(failing.Path));
        Assert.Empty(_router.Receiver.At(paused.Path));
        await site.AssertAccountedFor(1);

        // A replay has its time from the beginning.
        _router.Receiver.Answer(failing.Path, 200);
        var given = await site.Delivery(failing, "dead");
        using var replayed = await _router.Admin.PostAsync(
            $"/api/sites/{site.Id}/deliveries/{given.GetProperty("event_id")}/{failing.Id}/replay", content: null);
        replayed.EnsureSuccessStatusCode();
        await site.Delivery(failing, "delivered");
        await site.AssertAccountedFor(1);
    }

    [Fact]
    public async Task Retry_OfALeadThatIsTooOld_IsNotMade()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("slowly");
        _router.Receiver.Answer(destination.Path, 500);
        await site.Patch(destination, new { retry_schedule = new[] { 2, 3600 }, time_to_live = 60 });
        await InForce();
        await site.PostLead();
        await site.Delivery(destination, "retrying");
        await Age(site);
        await site.Delivery(destination, "dead");
        Assert.Single(_router.Receiver.At(destination.Path));
    }

    [Fact]
    public async Task Settings_ThatCannotBe_AreRefusedAtTheirField()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("strict");
        var path = $"/api/sites/{site.Id}/destinations";
        foreach (var (field, change) in new (string, object)[]
        {
            ("max_per_second", new { max_per_second = 0.05 }), ("max_per_second", new { max_per_second = 1001 }),
            ("retry_schedule", new { retry_schedule = new[] { 0 } }), ("retry_schedule", new { retry_schedule = new[] { 172_801 } }),
            ("retry_schedule", new { retry_schedule = Enumerable.Repeat(1, 21) }),
            ("retry_schedule", new { retry_schedule = Enumerable.Repeat(172_800, 4) }),
            ("retry_schedule", new { retry_schedule = Enumerable.Repeat(29, 6) }),
            ("timeout", new { timeout = 61 }), ("time_to_live", new { time_to_live = 59 }),
            ("time_to_live", new { time_to_live = 1_209_601 }), ("quiet_hours", new { quiet_hours = new { from = "20:00" } }),
        })
        {
            using var refused = await _router.Admin.PatchAsJsonAsync($"{path}/{destination.Id}", change);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
            Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), $"{field}: {problem}");
        }

        foreach (var change in new object[] { new { time_to_live = 60 }, new { quiet_hours = new { from = "20:00", until = "08:00" } } })
        {
            using var locked = await _router.Admin.PatchAsJsonAsync($"{path}/{site.LeadManager.Id}", change);
            Assert.Equal(HttpStatusCode.Conflict, locked.StatusCode);
        }

        await site.Patch(site.LeadManager, new { max_per_second = 100, timeout = 30, retry_schedule = new[] { 1 } });
    }

    private static Task InForce() => Task.Delay(1500, TestContext.Current.CancellationToken);

    /// <summary>As if it had come in, or been replayed, two minutes ago.</summary>
    private Task<int> Age(TestSite site) => _router.Query<int>(
        """
        update deliveries set replayed_at = now() - interval '2 minutes' where site_id = @Id and state in ('retrying', 'held')
        returning 1
        """, new { site.Id });
}
