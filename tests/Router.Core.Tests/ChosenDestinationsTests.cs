using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class ChosenDestinationsTests
{
    private static readonly Guid Crm = Guid.Parse("5ead6dd1-2cb9-4f80-80fc-5716b05c90ba");

    private static readonly SiteDestinations Site = new(Guid.Empty, "www.site.test", null,
    [
        Of(DestinationKind.LeadManager, "Lead Manager", Guid.NewGuid()),
        Of(DestinationKind.Custom, "Smith, Jones", Guid.NewGuid()),
        Of(DestinationKind.Custom, "Caf\u00e9 CRM", Crm) with { Spellings = ["Caf\u00e9 CRM", "Cafe\u0301 CRM"] },
        Of(DestinationKind.Custom, "Other", Guid.NewGuid()),
    ]);

    [Theory]
    [InlineData("other", "Other", "")]
    [InlineData("Smith|Jones", "Smith, Jones", "")]
    [InlineData("Nobody|smith|JONES|other", "Smith, Jones|Other", "Nobody")]
    [InlineData("smith, jones", "Smith, Jones", "")]
    [InlineData("Jones|Smith", "", "Jones|Smith")]
    [InlineData("caf\u00c9 crm", "Caf\u00e9 CRM", "")]
    [InlineData("cafe\u0301 crm", "Caf\u00e9 CRM", "")]
    [InlineData(" 5EAD6DD12CB94F8080FC5716B05C90BA", "Caf\u00e9 CRM", "")]
    [InlineData("{5ead6dd1-2cb9-4f80-80fc-5716b05c90ba}", "", "{5ead6dd1-2cb9-4f80-80fc-5716b05c90ba}")]
    [InlineData("Lead Manager", "", "")]
    public void Choice_ByNameOrId_FindsItsDestinations(string chosen, string expected, string unknown)
    {
        var (destinations, notFound) = Site.Choose(chosen.Split('|'), LeadAction.Created);
        Assert.Equal(["Lead Manager", .. Words(expected)], destinations.Select(destination => destination.Name));
        Assert.Equal(Words(unknown), notFound ?? []);
    }

    private static string[] Words(string text) => text.Split('|', StringSplitOptions.RemoveEmptyEntries);

    private static Destination Of(DestinationKind kind, string name, Guid id) =>
        new(id, kind, name, null, "", new Signing(SignatureScheme.LeadRouter, null, null, null));
}
