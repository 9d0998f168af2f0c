using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class ProxyOptionsTests
{
    private const string Proxy = "http://proxy.test:3128";

    [Theory]
    [InlineData("proxy.test:3128")]
    [InlineData("https://proxy.test:3128")]
    [InlineData("socks5://proxy.test:1080")]
    [InlineData("http://me:hidden@proxy.test:3128")]
    [InlineData("http://proxy.test:3128/hidden")]
    [InlineData("http://proxy.test:3128?hidden")]
    [InlineData("http://:3128")]
    public void Url_ThatIsMoreOrLessThanHostAndPort_IsRefusedAndNotRepeated(string url)
    {
        var wrong = Assert.Single(Wrong(new ProxyOptions { Url = url }));
        Assert.StartsWith("Proxy:Url must be http://host:port", wrong.ErrorMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", wrong.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "me", "", "", "Url")]
    [InlineData("", "", "", "crm.test", "Url")]
    [InlineData(Proxy, "", "hidden", "", "Password")]
    [InlineData(Proxy, "me:", "hidden", "", "Username")]
    [InlineData(Proxy, "me", "hidden\r\n", "", "Password")]
    [InlineData(Proxy, "", "", "10/8", "Hosts")]
    [InlineData(Proxy, "", "", "https://crm.test", "Hosts")]
    public void Options_ThatMeanNothing_AreRefused(string url, string username, string password, string hosts, string member)
    {
        var wrong = Wrong(new ProxyOptions { Url = url, Username = username, Password = password, Hosts = hosts });
        Assert.Equal([member], wrong.SelectMany(one => one.MemberNames));
        Assert.DoesNotContain(wrong, one => one.ErrorMessage!.Contains("hidden", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("http://proxy.test", "", "")]
    [InlineData("http://[::1]:3128/", "me", "")]
    [InlineData(Proxy, "me", "pass: word é")]
    public void Options_ThatMeanSomething_AreTaken(string url, string username, string password) =>
        Assert.Empty(Wrong(new ProxyOptions { Url = url, Username = username, Password = password }));

    [Theory]
    [InlineData("", "", "https://crm.test/", true)]
    [InlineData("", "crm.test", "https://CRM.test./", false)]
    [InlineData("", "crm.test:8443", "https://crm.test/", true)]
    [InlineData("", "10.0.0.0/8", "https://10.1.2.3/", false)]
    [InlineData("*.crm.test, 203.0.113.0/24", "", "https://a.crm.test/", true)]
    [InlineData("*.crm.test, 203.0.113.0/24", "", "https://203.0.113.9/", true)]
    [InlineData("*.crm.test, 203.0.113.0/24", "", "https://crm.test/", false)]
    [InlineData("*.crm.test", "slow.crm.test", "https://slow.crm.test/", false)]
    public void Hosts_WithExceptions_AreThoseItCarries(string hosts, string except, string url, bool carried)
    {
        Assert.Equal(carried, Of(new ProxyOptions { Url = Proxy, Hosts = hosts, Except = except }).Carries(new Uri(url)));
        Assert.False(Of(new ProxyOptions()).Carries(new Uri(url)));
    }

    private static OutgoingProxy Of(ProxyOptions options)
    {
        var delivery = Options.Create(new DeliveryOptions());
        return new OutgoingProxy(
            Options.Create(options), delivery, Options.Create(new IsolationOptions()),
            new NameLookups(delivery, TimeProvider.System), TimeProvider.System, NullLogger<OutgoingProxy>.Instance);
    }

    private static List<ValidationResult> Wrong(ProxyOptions options)
    {
        var wrong = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true);
        return wrong;
    }
}
