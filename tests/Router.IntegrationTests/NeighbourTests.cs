using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What one owner's destinations take of that which all sites use, and what is left to the others.</summary>
public sealed partial class NeighbourTests(TestServers servers)
{
    private const int Hanging = 600;
    private const int Share = 300;

    private static readonly (string, string)[] Patient =
    [
        ("Delivery:RequestTimeout", "00:05:00"), ("Delivery:Lease", "00:05:10"), ("Delivery:Patience", "00:00:00.2"),
        ("SiteLimits:Destinations", "1000"),
    ];

    [Fact]
    public async Task Site_WithHundredsOfHangingDestinations_TakesItsShareAndTheNeighboursLeadsArrive()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 0,
            [.. Patient, ("SiteLimits:InFlight", $"{Share}"), ("SiteLimits:InFlightAtHost", "10000"),
                ("Delivery:MaxInFlightAtHost", "10000")]);
        var metrics = new Uri($"http://127.0.0.1:{TestHost.FreePort()}/metrics");
        router.Settings["Telemetry:PrometheusPort"] = metrics.Port.ToString(CultureInfo.InvariantCulture);
        await router.Host("Router.Worker").Ready();
        var (noisy, neighbour) = (await router.CreateSite(), await router.CreateSite());
        await using var hanging = await HangingReceiver.Start();
        for (var i = 0; i < Hanging; i++)
            await noisy.AddDestination($"hangs-{i}", url: hanging.Url);
        var flaky = await neighbour.AddDestination("flaky");
        router.Receiver.Answer(flaky.Path, (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 500 : 200;
            return Task.CompletedTask;
        });

        await noisy.PostLead();
        await noisy.PostLead();
        await Eventually.Equal(Share, () => Task.FromResult(hanging.InFlight), "it has its share");
        await Eventually.Equal(
            2 * Hanging, async () => await router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'retrying'", new { noisy.Id }),
            "what is over waits in the ledger");

        for (var i = 0; i < 40; i++)
            await neighbour.PostLead();
        await router.Receiver.Wait(neighbour.LeadManager.Path, 40);
        // Retries go the way that what waits of the noisy one goes.
        await router.Receiver.Wait(flaky.Path, 80);
        await router.Receiver.Wait(noisy.LeadManager.Path, 2);
        Assert.Equal((0, Share), (hanging.Ended, hanging.Most));
        var said = await MeasuredRouter.Scrape(metrics);
        Assert.Equal(
            [("most_in_flight", $"{Share}"), ("full", "1")],
            OfSites().Matches(said).Select(match => (match.Groups["name"].Value, match.Groups["value"].Value)));

        hanging.LetGo();
        await Eventually.Equal(
            2 * (Hanging + 1), async () => await router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'delivered'", new { noisy.Id }),
            "everything is delivered", seconds: 120);
        Assert.InRange(hanging.Most, Share, Share);
        await noisy.AssertAccountedFor(events: 2);
        await neighbour.AssertAccountedFor(events: 40);
    }

    [Fact]
    public async Task Site_WithManySlowRequests_LeavesPlacesForThoseOfOthersAndOfItsOwnHealthyDestinations()
    {
        // A quarter of them for each.
        await using var router = await RouterFixture.Start(
            servers, workers: 1, [.. Patient, ("Delivery:MaxSlow", "40"), ("Delivery:MaxInFlight", "4")]);
        var (noisy, neighbour) = (await router.CreateSite(), await router.CreateSite());
        await using var hanging = await HangingReceiver.Start();
        await using var neighbours = await HangingReceiver.Start();
        for (var i = 0; i < 10; i++)
            await noisy.AddDestination($"hangs-{i}", url: hanging.Url);
        var healthy = await noisy.AddDestination("healthy");
        await neighbour.AddDestination("hangs, too", url: neighbours.Url);

        await noisy.PostLead();
        await Eventually.Equal(10, () => Task.FromResult(hanging.InFlight), "each has one, and all of them the share");
        await Eventually.Equal(
            10, async () => await router.Query<int>(
                "select count(*)::int from deliveries where site_id = @Id and state = 'retrying' and leased_until > now()",
                new { noisy.Id }),
            "they take long");
        for (var i = 0; i < 12; i++)
        {
            await noisy.PostLead();
            await neighbour.PostLead();
        }

        await router.Receiver.Wait(healthy.Path, 13);
        await router.Receiver.Wait(noisy.LeadManager.Path, 13);
        await router.Receiver.Wait(neighbour.LeadManager.Path, 12);
        await Eventually.Equal(4, () => Task.FromResult(neighbours.InFlight), "the neighbour's gets all that one destination may");
        Assert.Equal(10, hanging.Most);
    }

    [Theory]
    [InlineData(1, 5, "SiteLimits:InFlightAtHost=5")]
    [InlineData(3, 7, "Delivery:MaxInFlightAtHost=7")]
    [InlineData(3, 9, "Delivery:MaxInFlightAtHost=3", "Delivery:HostLimits=other.test=1, 127.0.0.1=9")]
    public async Task Destinations_AtOneHost_GetNoMoreThanItsLimitAtATime(int sites, int most, params string[] settings)
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, [.. Patient, .. settings.Select(setting => setting.Split('=', 2)).Select(parts => (parts[0], parts[1]))]);
        await using var hanging = await HangingReceiver.Start();
        var all = new List<TestSite>();
        for (var i = 0; i < sites; i++)
        {
            all.Add(await router.CreateSite());
            for (var j = 0; j < 12; j++)
                await all[i].AddDestination($"there-{j}", url: hanging.Url);
        }

        foreach (var site in all)
            await site.PostLead();
        await Eventually.Equal(most, () => Task.FromResult(hanging.InFlight), "as many as may be");
        foreach (var site in all)
        {
            await router.Receiver.Wait(site.LeadManager.Path, 1);
            await Eventually.Equal(
                12, async () => await router.Query<int>(
                    "select count(*)::int from deliveries where site_id = @Id and state = 'retrying'", new { site.Id }),
                "the others wait");
        }

        Assert.Equal((0, most), (hanging.Ended, hanging.Most));
        hanging.LetGo();
        await Eventually.Equal(
            sites * 13, async () => await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'"),
            "everything is delivered");
        Assert.Equal(most, hanging.Most);
    }

    [Fact]
    public async Task Replays_OfASiteWhoseReceiversAreSlow_DoNotStandBeforeAnothers()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1,
            [.. Patient, ("Delivery:RetryConcurrency", "4"), ("Delivery:MaxQueuedRetriesOfSite", "8"), ("Delivery:MaxInFlight", "2"),
                ("SiteLimits:InFlight", "20"), ("SiteLimits:InFlightAtHost", "10000"), ("Delivery:MaxInFlightAtHost", "10000")]);
        var (noisy, neighbour) = (await router.CreateSite(), await router.CreateSite());
        await using var receiver = await HangingReceiver.Start(hangs: false);
        for (var i = 0; i < 40; i++)
            await noisy.AddDestination($"slow-{i}", url: receiver.Url);
        for (var i = 0; i < 10; i++)
            await noisy.PostLead();
        for (var i = 0; i < 10; i++)
            await neighbour.PostLead();
        await Eventually.Equal(
            (10 * 41) + 10, async () => await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'"),
            "everything is there for the first time");

        receiver.Hang();
        foreach (var site in new[] { noisy, neighbour })
        {
            using var asked = await router.Admin.PostAsync(
                $"/api/sites/{site.Id}/replays", new StringContent("""{"state": "delivered"}""", null, "application/json"));
            Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
            if (site == noisy)
                await Eventually.Equal(20, () => Task.FromResult(receiver.InFlight), "it takes what it may");
        }

        await router.Receiver.Wait(neighbour.LeadManager.Path, 20);
        Assert.Equal((20, 20), (receiver.InFlight, receiver.Most));
        receiver.LetGo();
        await Eventually.Equal(
            10 * 40 * 2, () => Task.FromResult(receiver.Ended), "the noisy one's, too", seconds: 120);
        Assert.Equal(20, receiver.Most);
    }

    [GeneratedRegex(
        @"^lead_router_sites?_(?<name>most_in_flight|full)(\{[^\n]*\})? (?<value>[0-9]+)$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OfSites();
}
