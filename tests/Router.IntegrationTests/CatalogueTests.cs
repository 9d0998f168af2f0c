using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Registered integrations: connected, followed, hidden, promoted.</summary>
public sealed class CatalogueTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Integration_Connected_GetsLeadsAndIsFollowedThroughAChange()
    {
        var site = await _router.CreateSite();
        var (first, second) = ($"/first-{site.Id:N}", $"/second-{site.Id:N}");
        var integration = await Create(first, "its first secret");
        var connected = await Ok(_router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { integration_id = integration, partner_id = "account-7" }));
        Assert.Equal(("registered", "Valuations"), (connected.GetProperty("kind").GetString(), connected.GetProperty("name").GetString()));
        await site.PostLead();
        var request = (await _router.Receiver.Wait(first, 1))[0];
        Assert.True(request.IsSignedWith("its first secret"));
        Assert.Equal("account-7", request.Json.GetProperty("partner_id").GetString());

        await Ok(_router.Admin.PatchAsJsonAsync(
            $"/api/integrations/{integration}", new { url = new Uri(_router.Receiver.Url, second), secret = "its second secret" }));
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        Assert.True((await _router.Receiver.Wait(second, 1))[0].IsSignedWith("its second secret"));
        Assert.Single(_router.Receiver.At(first));
    }

    [Fact]
    public async Task Integration_HiddenOrConnectedAlready_CannotBeConnected()
    {
        var site = await _router.CreateSite();
        var integration = await Create("/hidden", "secret");
        var path = $"/api/sites/{site.Id}/destinations";
        Assert.Equal(HttpStatusCode.UnprocessableEntity,
            (await _router.Admin.PostAsJsonAsync(path, new { integration_id = integration })).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity,
            (await _router.Admin.PostAsJsonAsync(path, new { integration_id = integration, partner_id = "1", secret = "mine" }))
            .StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity,
            (await _router.Admin.PostAsJsonAsync(path, new { integration_id = integration, partner_id = "1", max_in_flight = -1 }))
            .StatusCode);
        var destination = await Ok(_router.Admin.PostAsJsonAsync(path, new { integration_id = integration, partner_id = "1" }));
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PostAsJsonAsync(path, new { integration_id = integration, partner_id = "2" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PatchAsJsonAsync($"{path}/{destination.GetProperty("id")}", new { url = "https://mine.test" }))
            .StatusCode);
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PostAsJsonAsync($"{path}/{destination.GetProperty("id")}/secret", new { })).StatusCode);

        await Ok(_router.Admin.PatchAsJsonAsync($"/api/integrations/{integration}", new { published = false }));
        var other = await _router.CreateSite();
        Assert.Equal(HttpStatusCode.NotFound,
            (await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{other.Id}/destinations", new { integration_id = integration, partner_id = "1" })).StatusCode);

        // Whoever is connected stays so; whoever disconnects can connect again once it is back.
        Assert.Equal(HttpStatusCode.OK,
            (await _router.Admin.PatchAsJsonAsync($"{path}/{destination.GetProperty("id")}", new { partner_id = "3" })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _router.Admin.DeleteAsync($"{path}/{destination.GetProperty("id")}")).StatusCode);
        await Ok(_router.Admin.PatchAsJsonAsync($"/api/integrations/{integration}", new { published = true }));
        await Ok(_router.Admin.PostAsJsonAsync(path, new { integration_id = integration, partner_id = "4" }));
    }

    [Fact]
    public async Task Integration_ChangedWhileSomebodyConnects_IsFollowedByThatOne()
    {
        var site = await _router.CreateSite();
        var integration = await Create("/before", "secret");
        await using var database = await _router.OpenDatabase();
        await using var held = await database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var locking = new Npgsql.NpgsqlCommand($"select from sites where id = '{site.Id}' for update", database))
            await locking.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // It has read the integration and waits for the site.
        var connected = _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { integration_id = integration, partner_id = "1" });
        await _router.WaitBehind(database, 1);
        var after = new Uri(_router.Receiver.Url, "/after");
        var changed = _router.Admin.PatchAsJsonAsync($"/api/integrations/{integration}", new { url = after });
        await Task.WhenAny(changed, _router.WaitBehind(database, 2));
        await held.CommitAsync(TestContext.Current.CancellationToken);
        await Ok(changed);
        var id = (await Ok(connected)).GetProperty("id").GetGuid();
        Assert.Equal(after.AbsoluteUri, await _router.Query<string>("select url from destinations where id = @id", new { id }));
    }

    [Fact]
    public async Task Secret_OfAPromotedCustomApi_SignsForItsOwnSiteAlone()
    {
        const string own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("ours", signature: "both", secret: own);
        // Whoever made it knows it, and could sign for everybody.
        foreach (var secret in new[] { null, own })
        {
            using var refused = await _router.Admin.PostAsJsonAsync(
                $"/api/sites/{site.Id}/destinations/{destination.Id}/promote", new { description = "Promoted", secret });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }

        var promoted = await Ok(_router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}/promote",
            new { description = "Promoted", secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }));
        await Ok(_router.Admin.PatchAsJsonAsync($"/api/integrations/{promoted.GetProperty("id").GetGuid()}", new { published = true }));
        var other = await _router.CreateSite();
        await Ok(_router.Admin.PostAsJsonAsync(
            $"/api/sites/{other.Id}/destinations", new { integration_id = promoted.GetProperty("id").GetGuid(), partner_id = "1" }));

        // While the receiver changes over, the site it came from signs with both.
        foreach (var (each, signatures) in new[] { (site, 2), (other, 1) })
        {
            await each.PostLead();
            var request = await Eventually.Get(
                () => Task.FromResult(_router.Receiver.At(destination.Path).LastOrDefault(one =>
                    one.Json.GetProperty("site_uuid").GetString()!.Contains($"{each.Id:D}", StringComparison.OrdinalIgnoreCase))),
                one => one is not null, "it is sent");
            Assert.Equal(signatures, request!.Headers["webhook-signature"].Split(' ').Length);
            Assert.False(request.IsSignedWith(own));
        }
    }

    [Fact]
    public async Task CustomApi_Promoted_IsInTheCatalogueAndGoesOn()
    {
        var site = await _router.CreateSite();
        var custom = await site.AddDestination("homemade");
        var promoted = await Ok(_router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{custom.Id}/promote",
            new { description = "Made by a site", partner_id_label = "Account ID", secret = "the maker's" }));
        Assert.False(promoted.GetProperty("published").GetBoolean());
        await site.PostLead();
        Assert.True((await _router.Receiver.Wait(custom.Path, 1))[0].IsSignedWith("the maker's"));

        await Ok(_router.Admin.PatchAsJsonAsync($"/api/integrations/{promoted.GetProperty("id")}", new { published = true }));
        var other = await _router.CreateSite();
        await Ok(_router.Admin.PostAsJsonAsync(
            $"/api/sites/{other.Id}/destinations", new { integration_id = promoted.GetProperty("id").GetGuid(), partner_id = "theirs" }));
        await other.PostLead();
        var request = (await _router.Receiver.Wait(custom.Path, 2))[1];
        Assert.Equal("theirs", request.Json.GetProperty("partner_id").GetString());
        Assert.True(request.IsSignedWith("the maker's"));
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{custom.Id}/promote", new { description = "again" }))
            .StatusCode);
    }

    private async Task<Guid> Create(string path, string secret) => (await Ok(_router.Admin.PostAsJsonAsync("/api/integrations", new
    {
        name = "Valuations", description = "Sends valuations", url = new Uri(_router.Receiver.Url, path), secret,
        partner_id_label = "Account ID", published = true,
    }))).GetProperty("id").GetGuid();

    private static async Task<JsonElement> Ok(Task<HttpResponseMessage> request)
    {
        using var response = await request;
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }
}
