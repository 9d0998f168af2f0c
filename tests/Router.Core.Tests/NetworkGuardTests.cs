using System.Net;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class NetworkGuardTests
{
    [Theory]
    [InlineData("https://example.com/leads", null)]
    [InlineData("HTTPS://EXAMPLE.com", null)]
    [InlineData("https://8.8.8.8/", null)]
    [InlineData("https://[2606:4700::1111]/", null)]
    [InlineData("https://münchen.example/", null)]
    [InlineData("https://example.com./", null)]
    [InlineData("https://127.0.0.1.example.com/", null)]
    [InlineData("https://localhost.example.com/", null)]
    [InlineData("http://example.com/", UrlProblem.Scheme)]
    [InlineData("http://8.8.8.8/", UrlProblem.Scheme)]
    [InlineData("ftp://example.com/", UrlProblem.Scheme)]
    [InlineData("file:///etc/passwd", UrlProblem.Scheme)]
    [InlineData("gopher://127.0.0.1:6379/_x", UrlProblem.Scheme)]
    [InlineData("https://example.com:80/", null)]
    [InlineData("https://example.com:1024/", null)]
    [InlineData("https://example.com:65535/", null)]
    [InlineData("https://example.com:0/", UrlProblem.Port)]
    [InlineData("https://example.com:22/", UrlProblem.Port)]
    [InlineData("https://example.com:25/", UrlProblem.Port)]
    [InlineData("https://example.com:81/", UrlProblem.Port)]
    [InlineData("https://example.com:444/", UrlProblem.Port)]
    [InlineData("https://example.com:1023/", UrlProblem.Port)]
    [InlineData("http://127.0.0.1/", UrlProblem.Address)]
    [InlineData("https://127.0.0.1:8443/", UrlProblem.Address)]
    [InlineData("https://127.1/", UrlProblem.Address)]
    [InlineData("https://127.0.0.01/", UrlProblem.Address)]
    [InlineData("http://2130706433/", UrlProblem.Address)]
    [InlineData("http://0x7f.1/", UrlProblem.Address)]
    [InlineData("https://0x7f000001/", UrlProblem.Address)]
    [InlineData("http://0177.0.0.1/", UrlProblem.Address)]
    [InlineData("https://017700000001/", UrlProblem.Address)]
    [InlineData("https://0/", UrlProblem.Address)]
    [InlineData("https://127.0.0.1./", UrlProblem.Address)]
    [InlineData("https://0x7f000001./", UrlProblem.Address)]
    [InlineData("https://127。0。0。1/", UrlProblem.Address)]
    [InlineData("https://169.254.169.254/latest/meta-data/", UrlProblem.Address)]
    [InlineData("https://0xa9fea9fe/", UrlProblem.Address)]
    [InlineData("https://[::]/", UrlProblem.Address)]
    [InlineData("https://[::1]/", UrlProblem.Address)]
    [InlineData("https://[0:0:0:0:0:0:0:1]:8443/", UrlProblem.Address)]
    [InlineData("https://[::ffff:7f00:1]/", UrlProblem.Address)]
    [InlineData("https://[::ffff:169.254.169.254]/", UrlProblem.Address)]
    [InlineData("https://[::127.0.0.1]/", UrlProblem.Address)]
    [InlineData("https://[64:ff9b::10.0.0.1]/", UrlProblem.Address)]
    [InlineData("https://[2002:7f00:1::]/", UrlProblem.Address)]
    [InlineData("https://[fe80::1%25eth0]/", UrlProblem.Address)]
    [InlineData("https://[fe80::1%1]/", UrlProblem.Address)]
    [InlineData("https://[2606:4700::1111%251]/", UrlProblem.Address)]
    [InlineData("https://localhost/", UrlProblem.Address)]
    [InlineData("https://LOCALHOST/", UrlProblem.Address)]
    [InlineData("https://localhost./", UrlProblem.Address)]
    [InlineData("https://api.localhost:8443/", UrlProblem.Address)]
    [InlineData("https://aאb.test/", UrlProblem.Host)] // Mixes directions of writing: no ASCII form.
    public void Url_BeforeItIsSaved_IsCheckedForWhatItSays(string url, UrlProblem? expected) =>
        Assert.Equal(expected, Guard().CheckBeforeSaving(new Uri(url)));

    [Theory]
    [InlineData("https://localhost/")]
    [InlineData("https://localhost./")]
    public void Url_OfAName_IsLeftToWhatItResolvesTo(string url) => Assert.Null(Guard().Check(new Uri(url)));

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:22/", null)]
    [InlineData("127.0.0.1", "http://127.0.0.2/", UrlProblem.Address)]
    [InlineData("127.0.0.0/8", "http://2130706433:5000/", null)]
    [InlineData("127.0.0.0/8", "ftp://127.0.0.1/", UrlProblem.Scheme)]
    [InlineData("127.0.0.0/8", "https://localhost/", UrlProblem.Address)]
    [InlineData("::1", "http://[::1]:5000/", null)]
    [InlineData("fe80::/10", "http://[fe80::1%25eth0]/", null)]
    [InlineData("localhost", "http://localhost:5000/", null)]
    [InlineData("localhost", "http://LOCALHOST.:5000/", null)]
    [InlineData("localhost", "http://api.localhost:5000/", UrlProblem.Scheme)]
    [InlineData("crm.office.test", "http://crm.office.test:22/", null)]
    [InlineData("crm.office.test", "http://evil-crm.office.test/", UrlProblem.Scheme)]
    [InlineData("*.office.test", "http://crm.office.test/", null)]
    [InlineData("*.office.test", "http://a.crm.office.test/", null)]
    [InlineData("*.office.test", "http://office.test/", UrlProblem.Scheme)]
    [InlineData("*.office.test", "http://myoffice.test/", UrlProblem.Scheme)]
    [InlineData("MÜNCHEN.example", "http://xn--mnchen-3ya.example/", null)]
    [InlineData(" 10.1.0.0/16 , crm.office.test,, ", "http://crm.office.test/", null)]
    // A network says nothing about what names may be spoken to in plain text.
    [InlineData("10.0.0.0/8", "http://crm.office.test/", UrlProblem.Scheme)]
    public void Url_OfWhatIsListed_MayBePlainAndHaveAnyPort(string allow, string url, UrlProblem? expected) =>
        Assert.Equal(expected, Guard(allow).CheckBeforeSaving(new Uri(url)));

    [Theory]
    [InlineData("", "example.com", "8.8.8.8", true)]
    [InlineData("", "example.com", "10.1.2.3", false)]
    [InlineData("", "example.com", "::ffff:10.1.2.3", false)]
    [InlineData("10.1.0.0/16", "example.com", "10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "example.com", "10.2.2.3", false)]
    [InlineData("10.1.0.0/16", "example.com", "::ffff:10.1.2.3", false)]
    [InlineData("a00::/8", "example.com", "::ffff:10.1.2.3", false)]
    [InlineData("a00::/8", "example.com", "10.1.2.3", false)]
    [InlineData("::/0", "example.com", "10.1.2.3", false)]
    [InlineData("fd12:3456::/32", "example.com", "fd12:3456::1", true)]
    [InlineData("fd12:3456::/32", "example.com", "fd12:3457::1", false)]
    [InlineData("example.com", "example.com", "10.1.2.3", true)]
    [InlineData("example.com", "EXAMPLE.com.", "10.1.2.3", true)]
    [InlineData("example.com", "example.org", "10.1.2.3", false)]
    [InlineData("10.1.2.3", "10.1.2.3", "10.1.2.3", true)]
    [InlineData("0.0.0.0/0", "example.com", "127.0.0.1", true)]
    public void Address_OfAHost_IsPermittedIfPublicOrListed(string allow, string host, string address, bool expected) =>
        Assert.Equal(expected, Guard(allow).Permits(host, IPAddress.Parse(address)));

    private static NetworkGuard Guard(string allow = "") => new(Options.Create(new NetworkOptions { Allow = allow }));
}
