using System.Text;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>A lead that shows a receiver all the usual fields and says of itself that it is a test.</summary>
public static class TestLead
{
    /// <summary>What receivers see as <c>source_system</c>.</summary>
    public const string SourceSystem = "Lead Router Test";

    /// <summary>The field that says so, with the value true.</summary>
    internal const string Mark = "test";

    private static readonly string[] Tags = ["test"];

    /// <summary>The body as if a website had sent it.</summary>
    /// <param name="id">The lead's id.</param>
    /// <param name="siteDomain">For the links in it.</param>
    /// <param name="now">When it is made.</param>
    public static RawJson Body(Guid id, string siteDomain, DateTimeOffset now) => new(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new
    {
        id = id.ToString("D"),
        test = true,
        source = "Lead Router Test",
        source_details = "This is a test from the destination's page. It is no lead: nobody is waiting for an answer.",
        first_name = "Test",
        last_name = "Lead",
        email = "test.lead@example.com",
        phone = "808-555-0100",
        street_address = "1 Test Street",
        city = "Honolulu",
        state = "HI",
        zip = "96815",
        role = "Buyer",
        timeframe = "3-6 months",
        urgency = "Warm",
        tags = Tags,
        created = Timestamps.Format(now),
        activities = new[]
        {
            new
            {
                type = "property_viewed",
                source = "Lead Router Test",
                description = "Viewed 2 Test Street",
                created = Timestamps.Format(now),
                property = new
                {
                    street_address = "2 Test Street", city = "Honolulu", state = "HI", zip = "96815", mls_number = "TEST-1",
                    list_price = "725000.00", beds = 3,
                    full_baths = 2, square_feet = 1450, url = $"https://{siteDomain}/property/test-1",
                },
            },
        },
    })));
}
