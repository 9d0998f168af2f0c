using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class RequestHeadersTests
{
    [Theory]
    [InlineData("X-Api-Key")]
    [InlineData("Authorization")]
    [InlineData("apikey")]
    [InlineData("X_Follow.Up~Boss")]
    public void Name_OfAToken_IsTaken(string name) => Assert.Null(RequestHeaders.NameProblem(name));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("X Api Key")]
    [InlineData("X-Api-Key:")]
    [InlineData("X-Api-Key\r\nX-Other")]
    [InlineData("X-Schlüssel")]
    [InlineData("Host")]
    [InlineData("HOST")]
    [InlineData("content-length")]
    [InlineData("Content-Type")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Proxy-Authorization")]
    [InlineData("User-Agent")]
    [InlineData("Cookie")]
    [InlineData("webhook-signature")]
    [InlineData("X-Lead-Router-Signature")]
    [InlineData(":authority")]
    public void Name_ThatIsNoneOrTheRoutersOwn_IsRefused(string? name) => Assert.NotNull(RequestHeaders.NameProblem(name));

    [Theory]
    [InlineData("secret value with blanks", null)]
    [InlineData("", "needs a value")]
    [InlineData("   ", "needs a value")]
    [InlineData("one\r\nX-Injected: two", "on one line")]
    [InlineData("one\ntwo", "on one line")]
    [InlineData("one\0two", "on one line")]
    [InlineData("grün", "ASCII")]
    [InlineData(" padded", "begin or end with a blank")]
    public void Value_WithWhatAHeaderCannotHold_IsRefusedWithoutRepeatingIt(string value, string? problem)
    {
        var said = RequestHeaders.ValueProblem(value);
        if (problem is null)
        {
            Assert.Null(said);
            return;
        }

        Assert.Contains(problem, said, StringComparison.Ordinal);
        Assert.DoesNotContain("one", said!.Replace("on one line", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Value_LongerThanAServerTakes_IsRefused()
    {
        Assert.Null(RequestHeaders.ValueProblem(new string('x', RequestHeaders.LongestValue)));
        Assert.NotNull(RequestHeaders.ValueProblem(new string('x', RequestHeaders.LongestValue + 1)));
    }

    [Fact]
    public void Headers_StoredAndRead_AreTheSameAndNullWhereTheKeysDoNotFit()
    {
        var secrets = new SecretProtection(plain => $"locked {plain}", stored => stored.StartsWith("locked ", StringComparison.Ordinal)
            ? stored["locked ".Length..] : throw new System.Security.Cryptography.CryptographicException());
        RequestHeader[] headers = [new("X-Api-Key", "k \"1\""), new("Authorization", "Bearer t")];
        var stored = secrets.Protect(RequestHeaders.ToJson(headers));
        Assert.Equal(headers, RequestHeaders.Read(["X-Api-Key", "Authorization"], stored, secrets));
        Assert.Null(RequestHeaders.Read(["X-Api-Key"], stored, secrets));
        Assert.Null(RequestHeaders.Read(["X-Api-Key"], "nonsense", secrets));
        Assert.Empty(RequestHeaders.Read([], null, secrets)!);
        Assert.Equal("X-Api-Key", headers[0].ToString());
    }
}
