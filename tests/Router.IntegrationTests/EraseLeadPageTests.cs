using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A lead erased by hand.</summary>
public sealed class EraseLeadPageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("owner")]
    [InlineData("operator")]
    public async Task Lead_ErasedFromItsDelivery_IsGoneAndWhoDidItIsWrittenDown(string role)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("waiting");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        var lead = await site.PostLead("private");
        var delivery = await site.Delivery(site.LeadManager, "delivered");
        await Eventually.True(
            async () => (await site.Delivery(destination, "retrying")).GetProperty("last_status").ToString() == "503", "one waits");

        using var person = await PageClient.SignedIn(_router, role, role == "owner" ? [site.Id] : []);
        var path = $"/sites/{site.Id}/leads/{lead}/erase";
        foreach (var page in new[] { $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{site.LeadManager.Id}",
            $"/sites/{site.Id}/deliveries?lead={lead}" })
            Assert.Contains($"href=\"{path}\"", await person.Http.GetStringAsync(page), StringComparison.Ordinal);

        // Asked first: nothing is gone by looking, nor by a form of somebody else's.
        var question = await person.Http.GetStringAsync(path);
        Assert.Contains("the contents of its one event", question, StringComparison.Ordinal);
        Assert.Contains("1 delivery of it waits", question, StringComparison.Ordinal);
        Assert.Contains("What stays", question, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await person.Http.PostAsync(path, new FormUrlEncodedContent([]))).StatusCode);
        Assert.Equal(1, await _router.Query<int>(
            "select count(body)::int from lead_events where site_id = @Id and lead_id is not null", new { site.Id }));

        var erased = await person.Submit(path);
        Assert.Equal($"/sites/{site.Id}/deliveries", erased.Headers.Location?.OriginalString);
        var list = await person.Http.GetStringAsync(erased.Headers.Location);
        Assert.Contains("data is erased: 1 event, and 1 waiting delivery is canceled.", list, StringComparison.Ordinal);
        Assert.DoesNotContain(lead, list, StringComparison.Ordinal);
        Assert.Equal(0, await _router.Query<int>(
            "select count(body)::int from lead_events where site_id = @Id and product <> ''", new { site.Id }));
        await site.AssertAccountedFor(1);
        var audit = (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/audit")).GetProperty("items").EnumerateArray()
            .First(row => row.GetProperty("kind").GetString() == "leads");
        Assert.Equal(lead, audit.GetProperty("subject").GetString());
        Assert.StartsWith($"{role}-", audit.GetProperty("actor").GetString(), StringComparison.Ordinal);

        // Once more there is nothing, and nothing to press.
        var again = await person.Http.GetStringAsync(path);
        Assert.Contains("Nothing is kept of a lead with this id", again, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"danger\"", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Erasure_OffersItselfForLeadsOnly()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("switched");
        await site.Patch(destination, new { active = false });
        var told = await site.Delivery(destination, "delivered", action: "integration_disabled");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        Assert.DoesNotContain("/erase",
            await owner.Http.GetStringAsync($"/sites/{site.Id}/deliveries/{told.GetProperty("event_id").GetString()}/{destination.Id}"),
            StringComparison.Ordinal);
    }
}
