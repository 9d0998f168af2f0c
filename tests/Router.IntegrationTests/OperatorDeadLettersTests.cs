using System.Net;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class OperatorDeadLettersTests(OperatorRouter shared) : IClassFixture<OperatorRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task DeadLetters_OfADestination_AreReplayedOneAndAll()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("down");
        _router.Receiver.Answer(destination.Path, 500);
        var leads = new[] { await site.PostLead("a secret of the lead"), await site.PostLead(), await site.PostLead() };
        await Eventually.Equal(3, () => Dead(destination), "three were given up");

        var overview = await browser.Get("/operator");
        Assert.Contains($"/operator/dead-letters?destination={destination.Id}", overview.Html, StringComparison.Ordinal);
        Assert.Matches($"destination={destination.Id}[^>]*state=dead", overview.Html);
        Assert.Contains("answered 500", (await browser.Get("/operator/failing")).Text, StringComparison.Ordinal);
        Assert.Contains(leads[0], (await browser.Get($"/operator/dead-letters?site={site.Id}")).Text, StringComparison.Ordinal);

        // Well again: nobody needs to hurry, but what was given up is there still.
        _router.Receiver.Answer(destination.Path, 200);
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.DoesNotContain(destination.Id.ToString(), (await browser.Get("/operator/failing")).Html, StringComparison.Ordinal);
        Assert.Contains("down 3 well again", (await browser.Get("/operator")).Text, StringComparison.Ordinal);

        var page = await browser.Get($"/operator/dead-letters?destination={destination.Id}");
        Assert.DoesNotContain("a secret of the lead", page.Html, StringComparison.Ordinal);
        page = await browser.Submit(page, $"Replay lead {leads[1]} to down");
        Assert.Contains("being sent again", page.Text, StringComparison.Ordinal);
        Assert.Contains($"destination={destination.Id}", page.Url.Query, StringComparison.Ordinal);
        Assert.DoesNotContain(leads[1], page.Text, StringComparison.Ordinal);
        page = await browser.Submit(page, "Replay 2");
        Assert.Contains("Replay to down", page.Text, StringComparison.Ordinal);
        await Eventually.Equal(0, () => Dead(destination), "all are sent");
        Assert.Equal(5 * 3 + 1, (await _router.Receiver.Wait(destination.Path, 5 * 3 + 1)).Count);
        Assert.DoesNotContain(destination.Id.ToString(), (await browser.Get("/operator")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeadLetters_MoreThanAPage_AreReadToTheEnd()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("often");
        _router.Receiver.Answer(destination.Path, 500);
        var leads = new List<string>();
        while (leads.Count < 60)
            leads.Add(await site.PostLead());
        await Eventually.Equal(60, () => Dead(destination), "all were given up");

        var first = await browser.Get($"/operator/dead-letters?destination={destination.Id}");
        var older = Regex.Match(first.Html, "href=\"([^\"]*)\">Older ones").Groups[1].Value;
        var second = await browser.Get(WebUtility.HtmlDecode(older));
        Assert.Equal(leads.Order(StringComparer.Ordinal),
            leads.Where(lead => first.Text.Contains(lead, StringComparison.Ordinal) != second.Text.Contains(lead, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));
        Assert.DoesNotContain("Older ones", second.Text, StringComparison.Ordinal);
    }

    private Task<int> Dead(TestDestination destination) =>
        _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and state = 'dead'", new { destination.Id });
}
