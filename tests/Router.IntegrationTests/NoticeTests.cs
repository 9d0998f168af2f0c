using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a destination hears of its own switch.</summary>
public sealed class NoticeTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Notice_ThatFailsAndIsSuperseded_IsCanceledSoThatTheLastWordIsTrue()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("switched");
        var isOnAgain = new TaskCompletionSource();
        _router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            if (request.Action != "integration_disabled")
                return;
            await isOnAgain.Task;
            context.Response.StatusCode = 500;
        });
        await site.Patch(destination, new { active = false });
        await _router.Receiver.WaitFor(destination.Path, "integration_disabled");
        await site.Patch(destination, new { active = true });
        isOnAgain.SetResult();

        await _router.Receiver.WaitFor(destination.Path, "integration_enabled");
        await site.Delivery(destination, "delivered", action: "integration_enabled");
        await Eventually.True(
            async () => await _router.Query<long>(
                "select count(*) from attempts where destination_id = @Id and status = 500", new { destination.Id }) == 1,
            "the failed attempt is recorded");
        // It is in the history, and nothing follows.
        await site.Delivery(destination, "canceled", action: "integration_disabled");
        Assert.Single(_router.Receiver.All, request => request.Path == destination.Path && request.Action == "integration_disabled");
    }
}
