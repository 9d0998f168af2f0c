using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Operators hear when it is the router itself that needs them.</summary>
public sealed class RouterAlertTests(TestServers servers)
{
    [Fact]
    public async Task Outbox_ThatWaits_AndMessagesSetAside_AreToldAndCleared()
    {
        await using var mails = MailServer.Start();
        await using var router = await RouterFixture.Start(
            servers, workers: 1,
            [
                .. mails.Settings, ("Alerts:Interval", "00:00:00.6"), ("Alerts:ClearAfter", "00:00:01"),
                ("Alerts:BetweenMails", "00:00:00.001"),
            ]);
        // Nobody publishes what waits. It is nothing that anybody can read.
        await router.Api.Stop();
        await using (var database = await router.OpenDatabase())
        {
            await database.ExecuteAsync(
                "insert into lead_outbox (event_id, message, kept_at) values (gen_random_uuid(), '{}', now() - interval '3 minutes')");
        }

        var mail = await mails.Wait(RouterFixture.OperatorsEmail);
        Assert.Equal("1 accepted message waits for RabbitMQ", mail.Subject);
        Assert.Contains("nothing is lost, and nothing is delivered", mail.TextBody!, StringComparison.Ordinal);

        await router.Host("Router.Api").Ready();
        // In one mail, or in two.
        await Told(mails, "RabbitMQ takes accepted messages again.");
        await Told(mails, "1 accepted message could not be taken on.");

        await using (var database = await router.OpenDatabase())
            await database.ExecuteAsync("delete from set_aside");
        await Told(mails, "No message is set aside any more.");
    }

    private static Task Told(MailServer mails, string sentence) => Eventually.True(
        () => mails.To(RouterFixture.OperatorsEmail).Any(mail => mail.TextBody!.Contains(sentence, StringComparison.Ordinal)), sentence);
}
