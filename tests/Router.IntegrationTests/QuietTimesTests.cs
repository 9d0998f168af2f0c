using System.Globalization;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>In its quiet hours a destination gets nothing, afterwards what came meanwhile, in its order; nobody is alarmed.</summary>
public sealed class QuietTimesTests(TestServers servers)
{
    [Fact]
    public async Task Leads_InQuietHours_WaitForTheirEndAndKeepTheirOrder()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(
            servers, workers: 2,
            [
                .. mails.Settings, ("Delivery:PauseTick", "00:00:00.2"), ("Alerts:Interval", "00:00:00.6"),
                ("Alerts:AfterTime", "00:00:01"), ("Alerts:AfterLeads", "3"), ("Alerts:BetweenMails", "00:00:00.001"),
            ]);
        var site = await router.CreateSite();
        var (quiet, down) = (await site.AddDestination("quiet"), await site.AddDestination("down"));
        var now = TimeProvider.System.GetUtcNow();
        await site.Patch(quiet, new { max_per_second = 5, quiet_hours = new { from = At(now.AddHours(-1)), until = At(now.AddHours(1)) } });
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        var lead = await site.PostLead();
        await site.UpdateLead(lead, "an update");
        for (var i = 0; i < 10; i++)
            await site.PostNumbered(i);
        await router.Receiver.Wait(down.Path, 12);
        await Eventually.Equal(12, () => Count(router, quiet, "held"), "all wait");

        // Somebody else's trouble, found after it all began to wait.
        router.Receiver.Answer(down.Path, 500);
        for (var i = 10; i < 14; i++)
            await site.PostNumbered(i);
        await Eventually.True(
            async () => await router.Query<int>("select count(*)::int from troubles where destination_id = @Id", down) > 0, "it is found");
        Assert.Equal(0, await router.Query<int>("select count(*)::int from troubles where destination_id = @Id", quiet));
        Assert.Empty(router.Receiver.At(quiet.Path));

        using var browser = await PageClient.SignedIn(router, "owner", site.Id);
        var page = new Browsed(
            200, router.Api.Url, await browser.Http.GetStringAsync($"/sites/{site.Id}/destinations/{quiet.Id}")).Text;
        Assert.Matches("quiet until .*: leads wait until then", page);
        var held = await site.Delivery(quiet, "held");
        page = new Browsed(
            200, router.Api.Url,
            await browser.Http.GetStringAsync($"/sites/{site.Id}/deliveries/{held.GetProperty("event_id")}/{quiet.Id}")).Text;
        Assert.Contains("These are quiet hours of quiet.", page, StringComparison.Ordinal);

        // The end, at the next minute but a few seconds.
        var end = TimeProvider.System.GetUtcNow().AddSeconds(65);
        await site.Patch(quiet, new { quiet_hours = new { from = At(now.AddHours(-1)), until = At(end) } });
        var received = await router.Receiver.Wait(quiet.Path, 16, 120);
        var boundary = new DateTimeOffset(end.Year, end.Month, end.Day, end.Hour, end.Minute, 0, TimeSpan.Zero);
        Assert.All(received, request => Assert.True(request.At >= boundary, "sent in quiet hours"));
        var ofLead = received.Where(request => request.Json.GetProperty("id").GetString() == lead).Select(request => request.Action);
        Assert.Equal(["created", "updated"], ofLead);
        await Eventually.Equal(16, () => Count(router, quiet, "delivered"), "all are recorded");
        await site.AssertAccountedFor(16);
        Assert.Equal(0, await router.Query<int>("select count(*)::int from troubles where destination_id = @Id", quiet));
    }

    [Fact]
    public async Task Pace_OnItsPage_IsSavedAndRefusedAtItsFields()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("crm");
        var (_, link) = await PageClient.Invite(router, "owner", site.Id);
        using var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}";
        Assert.Contains("As fast as leads come, at any hour", (await browser.Get(path)).Text, StringComparison.Ordinal);

        var wrong = await browser.Submit(
            await browser.Get($"{path}/pace"), "Save", ("max_per_second", "many"), ("retry_schedule", "5 fortnights"), ("timeout", "90"),
            ("time_to_live", "3s"), ("quiet_from", "20:00"));
        Assert.Equal(422, wrong.Status);
        Assert.Equal("Enter a number from 0.1 to 1000, or nothing.", wrong.Error("max_per_second"));
        Assert.Equal("Enter a number of seconds from 1 to 60, or nothing.", wrong.Error("timeout"));
        Assert.Contains("such as 30s, 5m, 2h, 1d", wrong.Error("retry_schedule"), StringComparison.Ordinal);
        Assert.Equal("Enter a time from 1m to 14d, such as 2h, or nothing.", wrong.Error("time_to_live"));
        Assert.Equal("Quiet hours need two times such as 20:00 and 08:00.", wrong.Error("quiet_hours"));

        var saved = await browser.Submit(
            await browser.Get($"{path}/pace"), "Save", ("max_per_second", "2.5"), ("retry_schedule", "30s, 5 m, 1h"), ("timeout", "30"),
            ("time_to_live", "2h"), ("quiet_from", "20:00"), ("quiet_until", "08:00"), ("quiet_time_zone", "America/New_York"));
        Assert.Contains(
            "It gets 2.5 leads a second at most. It has 30 seconds to answer. A failed lead is tried again after 30s, 5m, 1h. "
            + "A lead that has not arrived after 2h is given up. Nothing is sent from 20:00 until 08:00 (America/New York).",
            saved.Text, StringComparison.Ordinal);
        Assert.Equal("2h", (await browser.Get($"{path}/pace")).Field("time_to_live"));
        Assert.Contains("quiet hours: nothing → from 20:00 until 08:00 (America/New York)",
            (await browser.Get($"/sites/{site.Id}/changes")).Text, StringComparison.Ordinal);

        var cleared = await browser.Submit(
            await browser.Get($"{path}/pace"), "Save", ("max_per_second", ""), ("retry_schedule", ""), ("timeout", ""),
            ("time_to_live", ""), ("quiet_from", ""), ("quiet_until", ""));
        Assert.Contains("As fast as leads come, at any hour", cleared.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await browser.Get($"/sites/{site.Id}/destinations/{site.LeadManager.Id}/pace")).Status);
    }

    private static string At(DateTimeOffset time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private static Task<int> Count(RouterFixture router, TestDestination destination, string state) => router.Query<int>(
        "select count(*)::int from deliveries where destination_id = @Id and state = @state", new { destination.Id, state });
}
