using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class SignatureTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string OldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string NewSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("lead_router", true, false)]
    [InlineData("standard_webhooks", false, true)]
    [InlineData("both", true, true)]
    public async Task Destination_ChoosesItsSignature_GetsJustThat(string signature, bool plain, bool standard)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("signed", signature: signature, secret: OldSecret);
        await site.PostLead();
        var received = Assert.Single(await _router.Receiver.Wait(destination.Path, 1));
        Assert.Equal(plain, received.Headers.ContainsKey("X-Lead-Router-Signature"));
        Assert.Equal(standard, received.Headers.ContainsKey("webhook-signature"));
        if (plain)
            Assert.True(received.IsSignedWith(OldSecret));
        if (standard)
            Assert.Equal([true], Verified(received, OldSecret));
    }

    [Fact]
    public async Task StandardWebhooks_Retried_KeepsTheIdAndTimesTheAttempt()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("retried", signature: "standard_webhooks", secret: OldSecret);
        _router.Receiver.Answer(destination.Path, async (context, request) =>
        {
            context.Response.StatusCode = request.Attempt == 1 ? 503 : 200;
            context.Response.Headers.RetryAfter = "1";
            await Task.CompletedTask;
        });
        await site.PostLead();
        var received = await _router.Receiver.Wait(destination.Path, 2);
        Assert.Equal(received[0].Headers["webhook-id"], received[1].Headers["webhook-id"]);
        Assert.Equal(received[0].MessageId, received[0].Headers["webhook-id"]);
        Assert.NotEqual(received[0].Headers["webhook-timestamp"], received[1].Headers["webhook-timestamp"]);
        Assert.All(received, request => Assert.Equal([true], Verified(request, OldSecret)));
    }

    [Fact]
    public async Task Secret_Rotated_BothSignDuringTheOverlapAndWrongOnesNever()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("rotated", signature: "both", secret: OldSecret);
        var rotated = await Rotate(site, destination, new { secret = NewSecret });
        Assert.Equal(JsonValueKind.Null, rotated.GetProperty("secret").ValueKind);
        Assert.InRange(rotated.GetProperty("previous_secret_until").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));

        await site.PostLead();
        var during = Assert.Single(await _router.Receiver.Wait(destination.Path, 1));
        Assert.Equal([true, false], Verified(during, NewSecret));
        Assert.Equal([false, true], Verified(during, OldSecret));
        Assert.Equal([false, false], Verified(during, "whsec_" + Convert.ToBase64String(new byte[24])));
        Assert.True(during.IsSignedWith(NewSecret));

        // A leaked secret ends at once.
        var generated = (await Rotate(site, destination, new { overlap_hours = 0 })).GetProperty("secret").GetString()!;
        await Task.Delay(1000);
        await site.PostLead();
        var after = (await _router.Receiver.Wait(destination.Path, 2))[1];
        Assert.Equal([true], Verified(after, generated));
    }

    [Fact]
    public async Task Secret_Generated_IsShownOnceAndSigns()
    {
        var site = await _router.CreateSite();
        var path = $"/generated-{site.Id:N}";
        var response = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations", new
        {
            name = "generated", url = new Uri(_router.Receiver.Url, path), generate_secret = true, signature = "standard_webhooks",
        });
        var created = await response.Content.ReadFromJsonAsync<JsonElement>();
        var secret = created.GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        await site.PostLead();
        Assert.Equal([true], Verified(Assert.Single(await _router.Receiver.Wait(path, 1)), secret));
        Assert.DoesNotContain(secret, await _router.Admin.GetStringAsync($"/api/sites/{site.Id}/destinations"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("standard_webhooks", "just a text")]
    [InlineData("both", "whsec_tooshort")]
    [InlineData("none", OldSecret)]
    public async Task Signature_ThatCannotBeMade_Is422(string signature, string secret)
    {
        var site = await _router.CreateSite();
        var created = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { name = "n", url = "https://x.test/", secret, signature });
        Assert.Equal(422, (int)created.StatusCode);
        var destination = await site.AddDestination("plain", secret: secret);
        var changed = await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}", new { signature });
        Assert.Equal(422, (int)changed.StatusCode);
    }

    private async Task<JsonElement> Rotate(TestSite site, TestDestination destination, object request)
    {
        var response = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}/secret", request);
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>For each signature of the header, whether it is this secret's; computed here as a receiver would.</summary>
    private static IEnumerable<bool> Verified(Received request, string secret)
    {
        var seconds = long.Parse(request.Headers["webhook-timestamp"], CultureInfo.InvariantCulture);
        Assert.InRange(seconds, request.At.ToUnixTimeSeconds() - 5, request.At.ToUnixTimeSeconds());
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{request.Headers["webhook-id"]}.{seconds}."), .. request.Body];
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), signed));
        return request.Headers["webhook-signature"].Split(' ').Select(signature => signature == expected);
    }
}
