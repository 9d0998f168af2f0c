using System.Text;
using Router.Core.Destinations;

namespace Router.Core.Tests;

/// <summary>What token endpoints answer.</summary>
public sealed class AccessTokenTests
{
    [Theory]
    [InlineData("""{"access_token":"t","token_type":"Bearer","expires_in":3600}""", 3540)] // A minute before the end.
    [InlineData("""{"access_token":"t","token_type":"bearer","expires_in":100}""", 90)] // Of a short life a tenth.
    [InlineData("""{"access_token":"t","expires_in":"3600"}""", 3540)] // Some send a text, and no type.
    [InlineData("""{"access_token":"t","expires_in":"NaN"}""", 270)]
    [InlineData("""{"access_token":"t","expires_in":"-Infinity"}""", 270)]
    [InlineData("""{"access_token":"t","expires_in":0}""", 0)]
    [InlineData("""{"access_token":"t","expires_in":-5}""", 0)]
    [InlineData("""{"access_token":"t"}""", 270)] // It doesn't say: five minutes.
    [InlineData("""{"access_token":"t","expires_in":null}""", 270)]
    [InlineData("""{"access_token":"t","expires_in":1e999}""", 86340)] // A day at most.
    public void Token_InAnAnswer_IsUsedUntilShortlyBeforeItExpires(string answer, double seconds)
    {
        var token = AccessToken.Read(Encoding.UTF8.GetBytes(answer));
        Assert.Equal(("Bearer t", TimeSpan.FromSeconds(seconds)), (token?.Header.Value, token!.Lifetime));
        Assert.Equal("AccessToken", $"{token}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"token":"t"}""")]
    [InlineData("""{"access_token":7}""")]
    [InlineData("""{"access_token":""}""")]
    [InlineData("""{"access_token":"a b"}""")] // Would not be one token in a header.
    [InlineData("""{"access_token":"a\r\nX-Injected: b"}""")]
    [InlineData("""{"access_token":"grün"}""")]
    [InlineData("""{"access_token":"\ud800"}""")] // Half a character.
    [InlineData("""{"access_token":"t","token_type":"DPoP"}""")] // Needs more than a header.
    public void Token_ThatCannotBeUsed_IsNone(string answer) => Assert.Null(AccessToken.Read(Encoding.UTF8.GetBytes(answer)));

    [Fact]
    public void Token_LongerThanAHeadMayBe_IsNone()
    {
        static byte[] Of(int length) => Encoding.UTF8.GetBytes($$"""{"access_token":"{{new string('t', length)}}"}""");
        Assert.NotNull(AccessToken.Read(Of(AccessToken.Longest)));
        Assert.Null(AccessToken.Read(Of(AccessToken.Longest + 1)));
    }

    [Theory]
    [InlineData("""{"error":"invalid_client","error_description":"secret xyz is wrong"}""", "invalid_client")]
    [InlineData("""{"error":"invalid_scope"}""", "invalid_scope")]
    [InlineData("""{"error":"the secret xyz is wrong"}""", null)] // Only words of the standard are shown.
    [InlineData("""{"error":"\ud800"}""", null)]
    [InlineData("xyz", null)]
    public void Error_InAnAnswer_IsReadIfItIsOfTheStandard(string answer, string? error) =>
        Assert.Equal(error, AccessToken.ReadError(Encoding.UTF8.GetBytes(answer)));
}
