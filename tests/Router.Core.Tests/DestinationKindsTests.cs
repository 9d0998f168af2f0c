using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class DestinationKindsTests
{
    /// <summary>The words are in the database and in a contract: they don't change with the names of the enum.</summary>
    [Theory]
    [InlineData(DestinationKind.LeadManager, "lead_manager")]
    [InlineData(DestinationKind.Registered, "registered")]
    [InlineData(DestinationKind.Custom, "custom")]
    public void Text_OfEachKind_IsTheContracts(DestinationKind kind, string text)
    {
        Assert.Equal(text, kind.Text());
        Assert.Equal(kind, DestinationKinds.Parse(text));
    }
}
