using Microsoft.Playwright;

namespace Router.BrowserTests;

/// <summary>What an operator sees at night when RabbitMQ is away.</summary>
public sealed class OutboxNoticeTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task Overview_WhileRabbitMqIsAway_SaysWhatWaitsUntilItIsBack()
    {
        await using var servers = await PrivateServers.Start();
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        var page = await browser.SignInAsOperator(script: true, at: router.Api.Url);
        await page.GotoAsync("/operator");
        await page.GetByText("All is well.").WaitForAsync();

        await servers.StopRabbitMq();
        await site.PostLead();
        await site.PostLead();
        await page.ReloadAsync();
        await page.GetByText("RabbitMQ takes no leads.").WaitForAsync();
        await page.GetByText("2 messages wait in the outbox").WaitForAsync();
        await page.GetByText("Nothing is lost").WaitForAsync();
        await LooksTests.Look(page, "/operator", "operator-outbox", 1280);

        await servers.StartRabbitMq();
        await Eventually.True(
            async () =>
            {
                await page.ReloadAsync();
                return await page.GetByText("All is well.").CountAsync() == 1;
            },
            "the notice is gone", seconds: 60);
    }
}
