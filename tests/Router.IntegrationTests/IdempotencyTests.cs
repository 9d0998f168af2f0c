using System.Text.Json;
using Router.IntegrationTests.Servers;

namespace Router.IntegrationTests;

public sealed class IdempotencyTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string Lead = "a27c20af4497415d9e4e7334dd1d40d2";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lead_PostedTwice_IsTwoEvents()
    {
        var site = await _router.CreateSite();
        var lead = $$"""{"id":"{{Lead}}","source":"s","email":"a@b.c"}""";
        await Answers.AssertOk(201, await site.Post(lead));
        await Answers.AssertOk(201, await site.Post(lead));
        var received = await _router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(2, received.Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task IdempotencyKey_Repeated_FansOutOnceUnderOneMessageId()
    {
        var site = await _router.CreateSite();
        for (var i = 0; i < 5; i++)
            await Answers.AssertOk(201, await Keyed("a key"));
        await Answers.AssertOk(201, await Keyed("another key"));
        await _router.Receiver.Wait(site.LeadManager.Path, 2);
        await Answers.AssertOk(201, await site.Post("""{"source":"s","email":"a@b.c"}"""));
        await _router.Receiver.Wait(site.LeadManager.Path, 3);
        Assert.Equal(3, _router.Receiver.At(site.LeadManager.Path).Count);
        Assert.Equal(3, _router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal).Count());
        await site.AssertAccountedFor(events: 3);

        Assert.Equal(422, (int)(await Keyed("")).StatusCode);
        Assert.Equal(422, (int)(await Keyed(new string('k', 256))).StatusCode);

        Task<HttpResponseMessage> Keyed(string key) => site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request => request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
    }

    [Theory]
    [InlineData(23, 1)]
    [InlineData(25, 2)]
    public async Task IdempotencyKey_RepeatedOnTheNextDay_IsKnownFor24Hours(int hoursLater, int expected)
    {
        var site = await _router.CreateSite();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var accepted = TimeProvider.System.GetUtcNow().AddHours(-30);
        await Publish(first, null, accepted);
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        await Publish(second, first, accepted.AddHours(hoursLater));
        await site.PostLead();
        await Eventually.True(() => _router.Receiver.At(site.LeadManager.Path).Count == expected + 1, "the rest has arrived");
        await site.AssertAccountedFor(expected + 1);

        Task Publish(Guid id, Guid? repeats, DateTimeOffset at) => _router.Broker.Publish(_router.VirtualHost, "lead-events", JsonSerializer.Serialize(new
        {
            event_id = id, repeats, site_id = site.Id, action = "created", lead_id = Guid.NewGuid(), accepted_at = at, product = "p", source_system = "P", lead = new { },
        }));
    }

    [Fact]
    public async Task IdempotencyKey_UsedForAnotherLead_TheFirstOneCounts()
    {
        var site = await _router.CreateSite();
        foreach (var email in (string[])["first@mail.test", "second@mail.test"])
        {
            await Answers.AssertOk(201, await site.Post($$"""{"source":"s","email":"{{email}}"}""", change: request => request.Headers.Add("Idempotency-Key", "one")));
            await site.Delivery(site.LeadManager, "delivered");
        }

        await site.PostLead();
        var received = await _router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(["first@mail.test", "jack@mail.test"], received.Select(request => request.Json.GetProperty("email").GetString()));
        await site.AssertAccountedFor(events: 2);
    }
}
