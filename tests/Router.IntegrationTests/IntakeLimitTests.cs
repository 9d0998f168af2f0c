using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>More leads at once than can be stored: some are refused at once, and the others accepted in time.</summary>
public sealed class IntakeLimitTests
{
    private const string Lead = """{"source":"s","email":"a@b.c"}""";

    [Fact]
    public async Task Leads_BeyondWhatCanWait_Are503AndTheLatestIsAccepted()
    {
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 0, ("Incoming:Concurrency", "1"), ("Incoming:ConfirmTimeout", "00:01:00"));
        var site = await router.CreateSite();
        await site.PostLead();
        await servers.FreezeRabbitMq();

        // One is under way, four wait.
        var answers = Enumerable.Range(0, 8).Select(_ => site.Post(Lead)).ToList();
        await Eventually.True(() => answers.Count(answer => answer.IsCompleted) == 3, "three are refused");
        foreach (var answer in answers.Where(answer => answer.IsCompleted))
        {
            var refused = await answer;
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
            Assert.Contains("Too many leads", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // The next one takes the place of the one that has waited longest.
        var latest = site.Post(Lead);
        await Eventually.True(() => answers.Count(answer => answer.IsCompleted) == 4, "one more is refused");
        Assert.False(latest.IsCompleted);

        await servers.ThawRabbitMq();
        Assert.Equal(HttpStatusCode.Created, (await latest).StatusCode);
        var statuses = (await Task.WhenAll(answers)).Select(answer => answer.StatusCode).ToList();
        Assert.Equal(4, statuses.Count(status => status == HttpStatusCode.Created));
        Assert.Equal(4, statuses.Count(status => status == HttpStatusCode.ServiceUnavailable));
    }
}
