using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Users and notices of a switch are told as a whole each time: the last word that a receiver hears is the true one.</summary>
public sealed class SupersededTests(TestServers servers)
{
    [Fact]
    public async Task User_ChangedWhileTheChangeBeforeWaits_IsToldOnce()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", "01:00:00"));
        var site = await router.CreateSite(asLeadManager: true);
        router.Receiver.Answer(site.LeadManager.Path, 500, 200);
        await PutUser(site, "agent-7", "Ann");
        await site.Delivery(site.LeadManager, "retrying", action: "user_updated");
        await PutUser(site, "agent-8", "Bob");
        await PutUser(site, "agent-7", "Anna");

        await Eventually.Equal(1, () => site.Count("canceled", site.LeadManager, "user_updated"), "the first change is canceled");
        await Eventually.Equal(2, () => site.Count("delivered", site.LeadManager, "user_updated"), "the others arrive");
        Assert.Equal(["Ann", "Anna", "Bob"], router.Receiver.At(site.LeadManager.Path).Select(Name).Order());
    }

    [Fact]
    public async Task User_ChangedWhileTheChangeBeforeIsUnderWay_WaitsForIt()
    {
        await using var router = await RouterFixture.Start(servers, workers: 2, ("Delivery:RetrySchedule", "01:00:00"));
        var site = await router.CreateSite(asLeadManager: true);
        var answer = new TaskCompletionSource<int>();
        router.Receiver.Answer(site.LeadManager.Path, async (context, request) =>
            context.Response.StatusCode = Name(request) == "Ann" ? await answer.Task : 200);
        await PutUser(site, "agent-7", "Ann");
        await router.Receiver.Wait(site.LeadManager.Path, 1);
        await PutUser(site, "agent-7", "Anna");
        await site.Delivery(site.LeadManager, "held", action: "user_updated");
        await PutUser(site, "agent-7", "Annabel");

        // The one between is canceled, and the last one waits for the first in its place.
        await Eventually.Equal(1, () => site.Count("canceled", site.LeadManager, "user_updated"), "the one between is canceled");
        await Eventually.Equal(1, () => site.Count("held", site.LeadManager, "user_updated"), "the last one waits");
        Assert.Single(router.Receiver.At(site.LeadManager.Path));
        // It fails: nobody waits an hour for its retry.
        answer.SetResult(500);
        await Eventually.Equal(1, () => site.Count("delivered", site.LeadManager, "user_updated"), "the last one arrives");
        Assert.Equal(["Ann", "Annabel"], router.Receiver.At(site.LeadManager.Path).Select(Name));
        Assert.Equal(2, await site.Count("canceled", site.LeadManager, "user_updated"));
    }

    [Fact]
    public async Task User_ChangedOftenWhileTheFirstChangeIsUnderWay_HearsTheLastWordLast()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 2, ("Delivery:RetrySchedule", "01:00:00"), ("Delivery:RequestTimeout", "00:02:00"),
            ("Delivery:Lease", "00:03:00"));
        var site = await router.CreateSite(asLeadManager: true);
        var answer = new TaskCompletionSource();
        router.Receiver.Answer(site.LeadManager.Path, (_, request) => Name(request) == "0" ? answer.Task : Task.CompletedTask);
        await PutUser(site, "agent-7", "0");
        await router.Receiver.Wait(site.LeadManager.Path, 1);
        const int changes = 50;
        for (var i = 1; i <= changes; i++)
            await PutUser(site, "agent-7", $"{i}");

        await Eventually.Equal(changes - 1, () => site.Count("canceled", site.LeadManager, "user_updated"), "those between are canceled");
        Assert.Single(router.Receiver.At(site.LeadManager.Path));
        answer.SetResult();
        await Eventually.Equal(2, () => site.Count("delivered", site.LeadManager, "user_updated"), "the first and the last arrive");
        Assert.Equal(["0", $"{changes}"], router.Receiver.At(site.LeadManager.Path).Select(Name));

        // Nor does a replay bring the old data back.
        using var replay = await router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "canceled" });
        Assert.Equal(0, (await replay.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Switch_TurnedWhileItsNoticeIsUnderWay_IsToldLast()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("switched");
        var answer = new TaskCompletionSource();
        router.Receiver.Answer(
            destination.Path, (_, request) => request.Action == "integration_disabled" ? answer.Task : Task.CompletedTask);
        await site.Patch(destination, new { active = false });
        await router.Receiver.WaitFor(destination.Path, "integration_disabled");
        await site.Patch(destination, new { active = true });
        await site.Delivery(destination, "held", action: "integration_enabled");

        answer.SetResult();
        await site.Delivery(destination, "delivered", action: "integration_enabled");
        await site.Delivery(destination, "delivered", action: "integration_disabled");
    }

    [Fact]
    public async Task Switch_TurnedOffWhileItsNoticeIsUnderWayAndFails_IsToldThatItIsOff()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Delivery:RetrySchedule", "01:00:00"), ("Delivery:PauseTick", "00:00:00.2"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("switched", active: false);
        var answer = new TaskCompletionSource<int>();
        router.Receiver.Answer(destination.Path, async (context, request) =>
            context.Response.StatusCode = request.Action == "integration_enabled" ? await answer.Task : 200);
        await site.Patch(destination, new { active = true });
        await router.Receiver.WaitFor(destination.Path, "integration_enabled");
        await site.Patch(destination, new { active = false });
        await site.Delivery(destination, "held", action: "integration_disabled");

        answer.SetResult(500);
        await site.Delivery(destination, "delivered", action: "integration_disabled");
        await site.Delivery(destination, "canceled", action: "integration_enabled");
    }

    private static async Task PutUser(TestSite site, string id, string name)
    {
        using var taken = await site.Send(
            HttpMethod.Put, $"/users/{id}", JsonSerializer.Serialize(new { name, role = "Agent", email = "a@b.c", admin = false }));
        taken.EnsureSuccessStatusCode();
    }

    private static string Name(Received request) =>
        request.Json.TryGetProperty("name", out var name) ? name.GetString()! : "";
}
