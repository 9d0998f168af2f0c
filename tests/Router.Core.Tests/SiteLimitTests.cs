using System.ComponentModel.DataAnnotations;
using Router.Core.Deliveries;
using Router.Core.Sites;

namespace Router.Core.Tests;

public sealed class SiteLimitTests
{
    [Fact]
    public void Limits_OfASite_ReplaceThoseOfAllSites_EachByItself()
    {
        var options = new SiteLimitOptions { Destinations = 7, Replays = 2 };
        Assert.Equal(new SiteLimits(7, 512, 64, 1024, 2, 50_000, 60), options.Of(null));
        Assert.Equal(
            new SiteLimits(9, 512, 64, 5000, 2, 50_000, 60),
            options.Of(OwnLimits.Parse("""{"destinations": 9, "waiting_megabytes": 5000}""")));
    }

    [Fact]
    public void Limits_Stored_AreThoseThatAreSet()
    {
        Assert.Equal("""{"replays":4}""", new OwnLimits(Replays: 4).ToJson());
        Assert.True(new OwnLimits().IsNone);
        Assert.False(new OwnLimits(TestsPerMinute: 1).IsNone);
        Assert.Null(OwnLimits.Parse(null));
    }

    [Theory]
    [InlineData("""{"destinations": 0}""", "destinations")]
    [InlineData("""{"destinations": 10001}""", "destinations")]
    [InlineData("""{"in_flight": -1}""", "in_flight")]
    [InlineData("""{"in_flight_at_host": 0}""", "in_flight_at_host")]
    [InlineData("""{"waiting_megabytes": 0}""", "waiting_megabytes")]
    [InlineData("""{"replays": 101}""", "replays")]
    [InlineData("""{"replayed_per_hour": 0}""", "replayed_per_hour")]
    [InlineData("""{"tests_per_minute": 0}""", "tests_per_minute")]
    [InlineData("""{"destinations": 10000, "waiting_megabytes": 1000000, "replays": 100}""", null)]
    public void Limits_OutOfRange_SayWhich(string limits, string? wrong) => Assert.Equal(wrong, OwnLimits.Parse(limits)!.Problem?.Name);

    [Theory]
    [InlineData("", "a.test", 443, 256)]
    [InlineData("a.test=5", "a.test", 443, 5)]
    [InlineData("a.test=5", "b.test", 443, 256)]
    [InlineData("*.a.test = 5, b.a.test=7", "b.a.test", 443, 5)]
    [InlineData("b.a.test=7, *.a.test = 5", "b.a.test", 443, 7)]
    [InlineData("a.test:8443=5", "a.test", 443, 256)]
    [InlineData("203.0.114.0/24=1000", "203.0.114.9", 443, 1000)]
    public void Hosts_HaveTheFirstLimitThatFits(string text, string host, int port, int limit) =>
        Assert.Equal(limit, new HostLimits(text, 256).Of(host, port));

    [Theory]
    [InlineData("a.test")]
    [InlineData("a.test=")]
    [InlineData("a.test=0")]
    [InlineData("a.test=-1")]
    [InlineData("a.test=many")]
    [InlineData("a.test=1=2")]
    [InlineData("=5")]
    [InlineData("10/8=5")]
    public void HostLimits_ThatMeanNothing_AreRefused(string text)
    {
        var options = new IsolationOptions { HostLimits = text };
        var wrong = new List<ValidationResult>();
        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true));
        Assert.Equal(["HostLimits"], wrong.SelectMany(result => result.MemberNames));
    }

    [Fact]
    public void Places_TakenByManyAtOnce_AreNeverMoreThanTheLimit()
    {
        var places = new TakenPlaces();
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (!places.TryTake(3))
                    continue;
                Assert.InRange(places.Count, 1, 3);
                places.Leave();
            }
        });
        Assert.Equal(0, places.Count);
    }
}
