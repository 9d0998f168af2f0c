using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Where requests come from, for whoever has a firewall before a receiver.</summary>
public sealed class OutgoingAddressesTests(TestServers servers)
{
    [Theory]
    [InlineData("203.0.113.7, 2001:db8::/48,203.0.113.64/28", "203.0.113.7", "2001:db8::/48", "203.0.113.64/28")]
    [InlineData("")]
    public async Task Addresses_OnPagesAndInTheApi_AreThoseConfigured(string configured, params string[] expected)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Network:OutgoingAddresses", configured));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("mine");
        var answer = await router.Admin.GetFromJsonAsync<JsonElement>("/api/outgoing-addresses");
        Assert.Equal(expected, answer.GetProperty("addresses").EnumerateArray().Select(address => address.GetString()));

        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        foreach (var page in new[] { "", "/developer" })
        {
            var html = await owner.Http.GetStringAsync($"/sites/{site.Id}/destinations/{destination.Id}{page}");
            Assert.Equal(expected.Length > 0, html.Contains("If the receiver has a firewall", StringComparison.Ordinal));
            Assert.All(expected, address => Assert.Contains($"<code>{address}</code>", html, StringComparison.Ordinal));
        }
    }
}
