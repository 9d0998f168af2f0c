using System.Net;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A broker that runs out of memory or disk stops reading from whoever publishes; it neither refuses nor hangs up.</summary>
public sealed class BrokerAlarmTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publishers_Blocked_LeadsAreAcceptedAllTheSameAndArrive(bool disk)
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        using var sender = new HttpClient();
        var accepted = new List<string>();
        await Send(site, sender, accepted);
        await site.Delivery(site.LeadManager, "delivered");

        await (disk ? servers.RaiseDiskAlarm() : servers.RaiseMemoryAlarm());
        for (var i = 0; i < 5; i++)
            await Send(site, sender, accepted);
        await (disk ? servers.ClearDiskAlarm() : servers.ClearMemoryAlarm());
        await Send(site, sender, accepted);

        await Eventually.True(
            () => accepted.Except(router.Receiver.At(site.LeadManager.Path).Select(request => request.Json.GetProperty("id").GetString())!,
                StringComparer.Ordinal).Any() is false,
            "what was accepted has arrived", seconds: 60);
        await router.AssertNothingPutAside();
    }

    [Fact]
    public async Task Api_StartedWhilePublishersAreBlocked_AcceptsLeads()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await servers.RaiseDiskAlarm();
        await router.Api.Kill();
        var api = router.Host("Router.Api");
        await Eventually.True(
            async () =>
            {
                try
                {
                    using var response = await site.Post(
                        """{"source":"s","email":"a@b.c"}""", change: request =>
                            request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery));
                    return response.StatusCode == HttpStatusCode.Created;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "it accepts leads");
        await servers.ClearDiskAlarm();
    }

    /// <summary>A lead that must be accepted.</summary>
    private static async Task Send(TestSite site, HttpClient sender, List<string> accepted)
    {
        var lead = Guid.NewGuid().ToString("N");
        using var response = await TestSite.UntilTaken(
            () => site.Post(JsonSerializer.Serialize(new { id = lead, source = "test", email = "jack@mail.test" }), http: sender));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        accepted.Add(lead);
    }
}
