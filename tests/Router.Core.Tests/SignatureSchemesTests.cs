using Router.Core.Destinations;

namespace Router.Core.Tests;

/// <summary>The words are in the database and in a contract: they don't change with the names of the enum.</summary>
public sealed class SignatureSchemesTests
{
    [Fact]
    public void Text_OfEachScheme_IsTheContracts() =>
        Assert.Equal(["lead_router", "standard_webhooks", "both"], SignatureSchemes.All.Select(scheme => scheme.Text()));

    [Fact]
    public void Parse_OfEachWord_IsItsScheme() =>
        Assert.Equal(SignatureSchemes.All, SignatureSchemes.All.Select(scheme => SignatureSchemes.Parse(scheme.Text())));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("LeadRouter")]
    [InlineData("0")]
    public void TryParse_OfAnythingElse_IsNone(string? text) => Assert.Null(SignatureSchemes.TryParse(text));
}
