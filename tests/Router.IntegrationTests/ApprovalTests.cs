using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Each message on the broker and each outgoing request, byte for byte.</summary>
public sealed partial class ApprovalTests(TestServers servers)
{
    private const string Event = "01977f3c-8a00-7000-8000-00000000000";
    private const string Lead = "a27c20af4497415d9e4e7334dd1d40d2";

    [Fact]
    public async Task Messages_OnTheBroker_AreTheApproved()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite(asLeadManager: true);
        await site.Post($$"""{"source":"Web","email":"jack@mail.test","id":"{{Lead}}","price":2.50}""", change: request =>
        {
            request.Headers.Add("X-ROUTER-DESTINATIONS", "One,Two");
            request.Headers.Add("Idempotency-Key", "key");
        });
        await site.Send(HttpMethod.Patch, $"/leads/{Lead}", """{"city":"","state":"HI"}""");
        await site.Send(HttpMethod.Patch, $"/leads/{Lead}", """{"city":"","state":"HI"}""", prefix: "/v2/rest");
        await site.Post("""[{"type":"note","source":"Web"}]""", $"/leads/{Lead}/activities");
        await site.Post(
            """{"activities":[{"type":"property_viewed","source":"Web","created":"2015-10-01T06:14:01Z","property":{"beds":3}}]}""",
            "/potential-seller-leads");
        await site.Send(HttpMethod.Put, "/users/7", """{"name":"Ben"}""");
        await site.Send(HttpMethod.Delete, "/users/7");

        var payloads = (await router.Broker.Peek(router.VirtualHost, "lead-events")).EnumerateArray()
            .Select(message => message.GetProperty("payload").GetString()!);
        Approved.Verify("lead-events", Normalize(string.Join("\n\n", payloads), site));
    }

    [Fact]
    public async Task DeadLetter_OnTheBroker_IsTheApproved()
    {
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Delivery:RetrySchedule", ""));
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, 500);
        await Publish(router, site, 1, "created", Lead, """{"source":"Web","email":"jack@mail.test","price":2.50}""");
        await site.Delivery(site.LeadManager, "dead");
        var message = Assert.Single((await router.Broker.Peek(router.VirtualHost, "lead-dead-letters")).EnumerateArray());
        Approved.Verify("lead-dead-letters", Normalize(message.GetProperty("payload").GetString()!, site));
    }

    [Fact]
    public async Task Requests_ToReceivers_AreTheApproved()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var both = await site.AddDestination("both", signature: "both", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        (string Action, string Id, string Body)[] events =
        [
            ("created", Lead, """{"source":"Web","id":"a27c20af4497415d9e4e7334dd1d40d2","email":"jack@mail.test","price":2.50"""
                + ""","partner_id":"theirs","unknown":{"deep":[1, 2]}}"""),
            ("updated", Lead, """{"state":"HI","created":"2015-10-01T06:14:01.597026Z"}"""),
            ("activity_added", Lead, """{"activities":[{"type":"note","source":"Web","created":"2015-10-01T06:14:01Z"}]}"""),
            ("user_updated", "7", """{"name":"Ben","id":"7","deleted":true}"""),
        ];
        for (var i = 0; i < events.Length; i++)
            await Publish(router, site, i + 1, events[i].Action, events[i].Id, events[i].Body);
        await router.Receiver.Wait(site.LeadManager.Path, events.Length);
        await router.Receiver.Wait(both.Path, events.Length);
        await site.Patch(both, new { active = false });
        await router.Receiver.WaitFor(both.Path, "integration_disabled");

        var text = new StringBuilder();
        foreach (var request in router.Receiver.All.OrderBy(request => request.Path != site.LeadManager.Path)
            .ThenBy(request => request.Headers["X-Lead-Router-Timestamp"], StringComparer.Ordinal))
        {
            text.Append("POST ").AppendLine(request.Path);
            foreach (var (name, value) in request.Headers.OrderBy(header => header.Key, StringComparer.Ordinal))
                text.Append(name).Append(": ").AppendLine(value);
            text.AppendLine().AppendLine(Encoding.UTF8.GetString(request.Body)).AppendLine();
        }

        Approved.Verify("outgoing-requests", Normalize(text.ToString(), site));
    }

    private static Task Publish(RouterFixture router, TestSite site, int number, string action, string id, string body) =>
        router.Broker.Publish(router.VirtualHost, "lead-events",
            $$"""
            {"event_id":"{{Event}}{{number}}","site_id":"{{site.Id}}","action":"{{action}}","lead_id":"{{id}}",
            "accepted_at":"2025-06-17T08:00:0{{number}}.123456Z","product":"web","source_system":"Test Website","lead":{{body}}}
            """.ReplaceLineEndings(""));

    /// <summary>What differs from run to run, and what is computed from that.</summary>
    private static string Normalize(string text, TestSite site)
    {
        text = text.Replace(site.Id.ToString(), "SITE", StringComparison.Ordinal)
            .Replace(site.Id.ToString("N"), "SITE", StringComparison.Ordinal)
            .Replace(Event, "EVENT-", StringComparison.Ordinal).ReplaceLineEndings("\n");
        text = Uuid().Replace(text, "UUID");
        text = Time().Replace(text, match =>
            match.Value.StartsWith("2015", StringComparison.Ordinal) || match.Value.StartsWith("2025", StringComparison.Ordinal)
            ? match.Value : "TIME");
        text = Secret().Replace(text, "$1HMAC");
        return Changing().Replace(text, "$1…");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")]
    private static partial Regex Time();

    [GeneratedRegex("(X-Lead-Router-Signature: |v1,)[0-9A-Za-z+/=]+")]
    private static partial Regex Secret();

    [GeneratedRegex("((?:Host|webhook-timestamp): ).*")]
    private static partial Regex Changing();
}
