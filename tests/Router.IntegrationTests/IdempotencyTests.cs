using System.Text.Json;
using Router.Testing;

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
        Assert.Equal(3, _router.Receiver.At(site.LeadManager.Path).Select(request => request.MessageId).Distinct(StringComparer.Ordinal)
            .Count());
        await site.AssertAccountedFor(events: 3);

        // Empty is as if absent.
        await Answers.AssertOk(201, await Keyed(""));
        await Answers.AssertOk(201, await Keyed(""));
        await _router.Receiver.Wait(site.LeadManager.Path, 5);
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

        Task Publish(Guid id, Guid? repeats, DateTimeOffset at) =>
            _router.Broker.Publish(_router.VirtualHost, "lead-events", JsonSerializer.Serialize(new
        {
            event_id = id, repeats, site_id = site.Id, action = "created", lead_id = Guid.NewGuid(), accepted_at = at, product = "p",
            source_system = "P", lead = new { },
        }));
    }

    [Fact]
    public async Task IdempotencyKey_UsedForAnotherBody_IsRefusedInWords()
    {
        var site = await _router.CreateSite();
        Task<HttpResponseMessage> Post(string email) =>
            site.Post($$"""{"source":"s","email":"{{email}}"}""", change: request => request.Headers.Add("Idempotency-Key", "one"));
        await Answers.AssertOk(201, await Post("first@mail.test"));
        var refused = await Post("second@mail.test");
        Assert.Equal(422, (int)refused.StatusCode);
        Assert.Contains("Idempotency-Key", await Answers.Error(refused), StringComparison.Ordinal);
        await Answers.AssertOk(201, await Post("first@mail.test"));

        await site.PostLead();
        var received = await _router.Receiver.Wait(site.LeadManager.Path, 2);
        Assert.Equal(["first@mail.test", "jack@mail.test"],
            received.Select(request => request.Json.GetProperty("email").GetString()).Order(StringComparer.Ordinal));
        await site.AssertAccountedFor(events: 2);
    }

    [Fact]
    public async Task IdempotencyKey_OnAnotherMethodOrPath_IsAnotherRequest()
    {
        var site = await _router.CreateSite();
        await Answers.AssertOk(201, await Keyed(HttpMethod.Post, "/leads", """{"source":"s","email":"a@b.c"}"""));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Patch, $"/leads/{Lead}", "{}"));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Patch, $"/leads/{Lead}", "{}", "/v2/rest"));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Patch, $"/leads/{Guid.NewGuid()}", "{}"));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Post, $"/leads/{Lead}/activities", """[{"type":"t"}]"""));
        await Answers.AssertOk(
            201, await Keyed(HttpMethod.Post, "/potential-seller-leads", """{"activities":[{"type":"property_viewed","property":{}}]}"""));
        await _router.Receiver.Wait(site.LeadManager.Path, 6);
        // The same paths in other spellings.
        await Answers.AssertOk(201, await Keyed(HttpMethod.Post, "//Leads/", """{"source":"s","email":"a@b.c"}"""));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Patch, $"/leads/{Guid.Parse(Lead):D}".ToUpperInvariant(), "{}", "/REST"));
        await Answers.AssertOk(200, await Keyed(HttpMethod.Patch, $"/v2/leads/{Lead}", "{}"));
        await site.PostLead();
        await _router.Receiver.Wait(site.LeadManager.Path, 7);
        await site.AssertAccountedFor(events: 7);

        Task<HttpResponseMessage> Keyed(HttpMethod method, string path, string body, string prefix = "/rest") =>
            site.Send(method, path, body, prefix: prefix, change: request => request.Headers.Add("Idempotency-Key", "one key for all"));
    }

    [Fact]
    public async Task IdempotencyKey_OfARequestThatWasRefused_IsStillFree()
    {
        var site = await _router.CreateSite();
        Task<HttpResponseMessage> Post(string body) => site.Post(body, change: request => request.Headers.Add("Idempotency-Key", "one"));
        Assert.Equal(422, (int)(await Post("""{"source":"s"}""")).StatusCode);
        Assert.Equal(413, (int)(await Post(HardenedIngestTests.Swelling("""{"source":"s","email":"a@b.c",""", "}"))).StatusCode);
        await Answers.AssertOk(201, await Post("""{"source":"s","email":"a@b.c"}"""));
    }

    [Fact]
    public async Task IdempotencyKey_PostedManyTimesAtOnce_IsOneEvent()
    {
        var site = await _router.CreateSite();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => site.Post(
            $$"""{"source":"s","email":"{{i % 2}}@b.c"}""", change: request => request.Headers.Add("Idempotency-Key", "at once"))));
        Assert.Equal((10, 10),
            (answers.Count(answer => (int)answer.StatusCode == 201), answers.Count(answer => (int)answer.StatusCode == 422)));
        await _router.Receiver.Wait(site.LeadManager.Path, 1);
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task IdempotencyKey_ThatCannotBeCheckedOrIsADayOld_LosesNoLeadAndDoublesNone()
    {
        // Of its own: what happens to the table here would change the answers to others.
        await using var router = await RouterFixture.Start(shared.Servers, workers: 1, ("Incoming:KeyTimeout", "00:00:01"));
        var site = await router.CreateSite();
        await using (var database = await router.OpenDatabase())
        await using (var locked = await database.BeginTransactionAsync())
        {
            await Dapper.SqlMapper.ExecuteAsync(database, "lock table idempotency_keys", transaction: locked);
            await Answers.AssertOk(201, await Post("first@mail.test"));
            await Answers.AssertOk(201, await Post("first@mail.test"));
            // It can't be told from the first now; a lead that was answered with success must not be thrown away for that.
            await Answers.AssertOk(201, await Post("second@mail.test"));
        }

        await router.Receiver.Wait(site.LeadManager.Path, 2);
        // Once it is known again, one of the bodies is the one that counts.
        await Eventually.True(async () =>
            (int)(await Post("second@mail.test")).StatusCode != (int)(await Post("first@mail.test")).StatusCode, "keys are checked again");
        await site.AssertAccountedFor(events: 2);

        await router.Query<object?>("update idempotency_keys set accepted_at = accepted_at - interval '24 hours 1 second'");
        await Answers.AssertOk(201, await Post("third@mail.test"));
        Assert.Equal(422, (int)(await Post("first@mail.test")).StatusCode);

        Task<HttpResponseMessage> Post(string email) =>
            site.Post($$"""{"source":"s","email":"{{email}}"}""", change: request => request.Headers.Add("Idempotency-Key", "away"));
    }
}
