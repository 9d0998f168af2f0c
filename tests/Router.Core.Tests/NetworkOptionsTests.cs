using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class NetworkOptionsTests
{
    [Theory]
    [InlineData("443", 443, true)]
    [InlineData("443", 80, false)]
    [InlineData("8000-8002, 443", 8002, true)]
    [InlineData("8000-8002, 443", 8003, false)]
    public void Ports_Configured_AreThoseAllowed(string ports, int port, bool allowed) =>
        Assert.Equal(allowed ? null : UrlProblem.Port,
            new NetworkGuard(Options.Create(new NetworkOptions { Ports = ports })).Check(new Uri($"https://example.com:{port}/")));

    [Theory]
    [InlineData("10.0.0.0/33", "443", "Allow")]
    [InlineData("10/8", "443", "Allow")] // Would be 0.0.0.10/8.
    [InlineData("10.1/16", "443", "Allow")]
    [InlineData("10.1.2.3/8", "443", "Allow")] // Is it the host or its network?
    [InlineData("0x7f.1", "443", "Allow")]
    [InlineData("10", "443", "Allow")]
    [InlineData("https://crm.office.test", "443", "Allow")]
    [InlineData("crm.office.test:", "443", "Allow")]
    [InlineData("crm.office.test:0", "443", "Allow")]
    [InlineData("crm.office.test:65536", "443", "Allow")]
    [InlineData("crm.office.test:https", "443", "Allow")]
    [InlineData("crm.office.test:80:81", "443", "Allow")]
    [InlineData(":8080", "443", "Allow")]
    [InlineData("[::1]8080", "443", "Allow")]
    [InlineData("[::1", "443", "Allow")]
    [InlineData("[127.0.0.1]:80", "443", "Allow")]
    [InlineData("10/8:80", "443", "Allow")]
    [InlineData("*", "443", "Allow")]
    [InlineData("crm.*.test", "443", "Allow")]
    [InlineData("", "", "Ports")]
    [InlineData("", "https", "Ports")]
    [InlineData("", "0", "Ports")]
    [InlineData("", "65536", "Ports")]
    [InlineData("", "9-8", "Ports")]
    [InlineData("", "1-2-3", "Ports")]
    [InlineData("", "-1", "Ports")]
    public void Options_ThatMeanNothing_AreRefused(string allow, string ports, string member)
    {
        var options = new NetworkOptions { Allow = allow, Ports = ports };
        var wrong = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true));
        Assert.Equal([member], wrong.SelectMany(result => result.MemberNames));
    }

    [Fact]
    public void Deny_ThatMeansNothing_IsRefused()
    {
        var options = new NetworkOptions { Deny = "203.0.114.7, 10/8" };
        var wrong = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true));
        Assert.Equal(["Deny"], wrong.SelectMany(result => result.MemberNames));
    }

    [Fact]
    public void Options_ByDefault_AreValid()
    {
        var options = new NetworkOptions();
        Assert.True(Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true));
    }
}
