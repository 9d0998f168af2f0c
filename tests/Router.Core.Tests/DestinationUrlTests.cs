using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class DestinationUrlTests
{
    [Theory]
    [InlineData("https://a.test/%41%7E", "/%41%7E")]
    [InlineData("https://a.test/%2e%2e/x", "/%2e%2e/x")]
    [InlineData("https://a.test/a/../b/./c", "/a/../b/./c")]
    [InlineData("https://a.test/%2F%2f?q=%41&r=%c3%a4", "/%2F%2f?q=%41&r=%c3%a4")]
    [InlineData("https://a.test//double//slash/", "//double//slash/")]
    [InlineData("https://a.test", "/")]
    [InlineData("https://a.test?x=1", "/?x=1")]
    [InlineData("https://a.test/x#fragment", "/x")]
    [InlineData("https://a.test/x?y=1#a/../b", "/x?y=1")]
    [InlineData("https://a.test#x/y", "/")]
    [InlineData("https://a.test/grün/😀?ß", "/gr%C3%BCn/%F0%9F%98%80?%C3%9F")]
    [InlineData("https://a.test/a\u0001b", "/a%01b")]
    [InlineData("https://a.test/[x]{y}|^`\"<>", "/[x]{y}|^`\"<>")]
    [InlineData("HTTPS://A.test:8443/%7e", "/%7e")]
    [InlineData("https://bücher.test/%41", "/%41")]
    [InlineData("https://[::1]/%41", "/%41")]
    public void Path_AsEntered_IsWhatIsSent(string entered, string target) =>
        Assert.Equal(target, DestinationUrl.Parse(entered)?.PathAndQuery);

    [Theory]
    [InlineData("https://a.test/%41", "a.test", 443)]
    [InlineData("https://0x7f.1/%41", "127.0.0.1", 443)]
    [InlineData("https://2130706433:81/../x", "127.0.0.1", 81)]
    [InlineData("http://user@b.test/@c.test/", "b.test", 80)]
    [InlineData("https://a.test#@b.test/", "a.test", 443)]
    [InlineData("https://a.test?@b.test/", "a.test", 443)]
    public void Host_OfAnyUrl_IsTheOneThatIsChecked(string entered, string host, int port)
    {
        var url = DestinationUrl.Parse(entered)!;
        Assert.Equal((host, port), (url.IdnHost, url.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/path")]
    [InlineData("a.test/x")]
    [InlineData("https://")]
    [InlineData("https:///x")]
    [InlineData("https://a.test\\@b.test/")]
    [InlineData("https://a.test/a\\b")]
    public void Text_ThatIsNoUrl_IsNone(string entered) =>
        Assert.True(DestinationUrl.Parse(entered) is null or { Scheme: not ("http" or "https") });
}
