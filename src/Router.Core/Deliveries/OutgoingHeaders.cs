using System.Globalization;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>The headers of one request (contract, section 2), for those who send it and those who show it. Pure.</summary>
public static class OutgoingHeaders
{
    /// <summary>All but <c>Content-Type</c> and what HTTP itself needs.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="destination">How it is signed for, and what else it wants.</param>
    /// <param name="body">The exact bytes.</param>
    /// <param name="number">The attempt.</param>
    /// <param name="now">The time of the attempt.</param>
    /// <param name="userAgent">As configured.</param>
    public static IEnumerable<(string Name, string Value)> Of(
        LeadEvent lead, Destination destination, byte[] body, int number, DateTimeOffset now, string userAgent)
    {
        yield return ("User-Agent", userAgent);
        // Firewalls take requests without an Accept for attacks; and what a receiver answers is read as it comes.
        yield return ("Accept", "*/*");
        yield return ("Accept-Encoding", "identity");
        yield return ("X-Lead-Router-Action", lead.Action.Text());
        yield return ("X-Lead-Router-Message-Id", lead.EventId.ToString("D"));
        yield return ("X-Lead-Router-Timestamp", Timestamps.Format(lead.AcceptedAt));
        var signing = destination.Signing;
        foreach (var header in (lead.Test == LeadTest.WrongSignature ? signing.Forged() : signing).Headers(lead.EventId, now, body))
            yield return header;
        yield return ("X-Lead-Router-Attempt", number.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, value) in destination.Headers ?? [])
            yield return (name, value);
    }
}
