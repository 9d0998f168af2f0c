using System.Text;

namespace Router.Core.Leads;

/// <summary>Events that say of themselves that they are tests, to show what a receiver gets.</summary>
public static class SampleEvents
{
    /// <summary>
    /// One for each action, in the order in which a receiver meets them. The subject is the lead's or user's id; empty for the
    /// destination's own switch, which is known by the message's id.
    /// </summary>
    public static IEnumerable<(LeadAction Action, string Subject, RawJson Body)> All(Guid lead, string domain, DateTimeOffset now)
    {
        var (id, at) = (lead.ToString("D"), Timestamps.Format(now));
        yield return (LeadAction.Created, id, TestLead.Body(lead, domain, now));
        yield return (LeadAction.Updated, id, Json("""{"test":true,"phone":"808-555-0199","timeframe":"0-3 months","notes":""}"""));
        yield return (LeadAction.ActivityAdded, id, Json(
            """{"test":true,"activities":[{"type":"valuation_inquiry","source":"Lead Router Test","created":"AT"}]}"""
            .Replace("AT", at, StringComparison.Ordinal)));
        yield return (LeadAction.UserUpdated, "test-user", Json(
            """{"test":true,"name":"Test Agent","email":"test.agent@example.com","phone":"808-555-0101"}"""));
        // In this order: whoever sends them all leaves a receiver switched on.
        yield return (LeadAction.IntegrationDisabled, "", Json("""{"test":true}"""));
        yield return (LeadAction.IntegrationEnabled, "", Json("""{"test":true}"""));
    }

    private static RawJson Json(string text) => new(Encoding.UTF8.GetBytes(text));
}
