using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A new destination's page leads from one step to the next, until the first lead has arrived.</summary>
public sealed class FirstStepsTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task NewDestination_ShowsWhatIsDoneAndWhatComesNext_UntilItsFirstLead()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("new", active: false);
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var path = $"/sites/{site.Id}/destinations/{destination.Id}";
        await Shows("Added (done) Send it a test lead: does it answer?");

        _router.Receiver.Answer(destination.Path, 500);
        await owner.Submit($"{path}?handler=Test", ("goLive", "false"));
        await Shows("Its test lead failed: look at what came back");
        _router.Receiver.Answer(destination.Path, 200);

        await owner.Submit($"{path}?handler=Test", ("goLive", "false"));
        await Shows("It has answered a test lead (done) Run the go-live check");

        _router.Receiver.Answer(destination.Path, (context, request) =>
        {
            context.Response.StatusCode = request.IsSignedWith(destination.Secret) ? 200 : 401;
            return Task.CompletedTask;
        });
        await owner.Submit($"{path}?handler=Test", ("goLive", "true"));
        await Shows("It has passed the go-live check (done) Switch it on");

        await owner.Submit($"{path}?handler=Active", ("active", "true"));
        await Shows("It is on (done) Wait for the first lead");

        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.DoesNotContain("From here to the first lead", await owner.Http.GetStringAsync(path), StringComparison.Ordinal);

        Task Shows(string text) => Eventually.True(
            async () => new Browsed(200, _router.Api.Url, await owner.Http.GetStringAsync(path))
                .Text.Contains(text, StringComparison.Ordinal),
            $"the page shows: {text}");
    }
}
