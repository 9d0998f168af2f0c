using System.Net;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The page for whoever programs a receiver: its commands are run, and what arrives is verified.</summary>
public sealed class DeveloperPageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private static readonly string[] Actions =
        ["created", "updated", "activity_added", "user_updated", "integration_disabled", "integration_enabled"];

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Commands_SendWhatTheReceiverWillGet_WithASignatureThatFits()
    {
        var site = await _router.CreateSite();
        // With what a shell might take for something else.
        var destination = await site.AddDestination("o'brien", secret: "it's a $ecret");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/destinations/{destination.Id}/developer");
        Assert.DoesNotContain("$ecret", page, StringComparison.Ordinal);
        Assert.Contains("Verify: samples", page, StringComparison.Ordinal);

        var commands = Regex.Matches(page, "<pre class=\"secret\"[^>]*>([^<]*)</pre>")
            .Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).ToList();
        Assert.Equal(Actions.Length, commands.Count);
        foreach (var command in commands)
        {
            var (exitCode, output) = await Shell.Run("bash", "-c", command);
            Assert.True(exitCode == 0, output);
        }

        var received = _router.Receiver.All.Where(request => request.Path == destination.Path).ToList();
        Assert.Equal(Actions, received.Select(request => request.Action));
        Assert.All(received, request =>
        {
            Assert.True(request.IsSignedWith(destination.Secret), request.Action);
            Assert.Equal(destination.PartnerId, request.Json.GetProperty("partner_id").GetString());
            Assert.Equal(request.Action, request.Json.GetProperty("action").GetString());
            Assert.Equal("application/json", request.Headers["Content-Type"]);
        });
        // A receiver that counts leads doesn't count these.
        Assert.All(received, request => Assert.True(request.Json.GetProperty("test").GetBoolean()));
    }

    [Fact]
    public async Task Page_OfStandardWebhooks_ShowsHowTheseAreVerified()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination(
            "standard", signature: "standard_webhooks", secret: $"whsec_{Convert.ToBase64String(new byte[24])}");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/destinations/{destination.Id}/developer");
        Assert.Contains("<h2 id=\"standard-webhooks\">Standard Webhooks</h2>", page, StringComparison.Ordinal);
        Assert.Contains("webhook-signature: v1,", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.DoesNotContain("X-Lead-Router-Signature:", page, StringComparison.Ordinal);
    }
}
