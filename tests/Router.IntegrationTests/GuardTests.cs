using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What every test is checked by at its end can fail.</summary>
public sealed class GuardTests(TestServers servers)
{
    [Fact]
    public async Task Fixture_WhoseLedgerLacksAPlannedDelivery_Fails()
    {
        var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        // As if it had been acknowledged without being recorded.
        await router.Query<object>("delete from deliveries");
        var failed = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(async () => await router.DisposeAsync());
        Assert.Contains("The ledger misses deliveries of 1 events", failed.Message, StringComparison.Ordinal);
    }
}
