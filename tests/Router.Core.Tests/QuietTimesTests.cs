using System.Globalization;
using Router.Core.Destinations;

namespace Router.Core.Tests;

public sealed class QuietTimesTests
{
    [Theory]
    // Over midnight, in Berlin: UTC+1 in winter.
    [InlineData("2026-01-10T18:59:59Z", "20:00", "08:00", null, null)]
    [InlineData("2026-01-10T19:00:00Z", "20:00", "08:00", null, "2026-01-11T07:00:00Z")]
    [InlineData("2026-01-10T23:30:00Z", "20:00", "08:00", null, "2026-01-11T07:00:00Z")]
    [InlineData("2026-01-11T07:00:00Z", "20:00", "08:00", null, null)]
    // Within a day.
    [InlineData("2026-01-10T12:30:00Z", "13:00", "14:00", null, "2026-01-10T13:00:00Z")]
    [InlineData("2026-01-10T13:00:00Z", "13:00", "14:00", null, null)]
    // The night that begins on Saturday (10 January) ends on Sunday; the one that begins on Sunday isn't quiet.
    [InlineData("2026-01-10T21:00:00Z", "20:00", "08:00", "6", "2026-01-11T07:00:00Z")]
    [InlineData("2026-01-11T06:00:00Z", "20:00", "08:00", "6", "2026-01-11T07:00:00Z")]
    [InlineData("2026-01-11T21:00:00Z", "20:00", "08:00", "6", null)]
    [InlineData("2026-01-12T06:00:00Z", "20:00", "08:00", "6", null)]
    // A whole weekend, one day after the other.
    [InlineData("2026-01-10T12:00:00Z", "00:00", "00:00", "6,7", "2026-01-11T23:00:00Z")]
    [InlineData("2026-01-11T22:59:00Z", "00:00", "00:00", "6,7", "2026-01-11T23:00:00Z")]
    [InlineData("2026-01-11T23:00:00Z", "00:00", "00:00", "6,7", null)]
    // Clocks go forward on 29 March, from two to three: half past two isn't there.
    [InlineData("2026-03-29T00:30:00Z", "22:00", "02:30", null, "2026-03-29T01:00:00Z")]
    [InlineData("2026-03-29T01:00:00Z", "22:00", "02:30", null, null)]
    // Clocks go back on 25 October: eight o'clock is an hour later in UTC.
    [InlineData("2026-10-24T21:00:00Z", "20:00", "08:00", null, "2026-10-25T07:00:00Z")]
    public void EndAt_IsTheEndOfTheQuiet(string now, string from, string until, string? days, string? expected)
    {
        var quiet = new QuietTimes(from, until, days?.Split(',').Select(int.Parse).ToArray(), "Europe/Berlin");
        Assert.Null(quiet.Problem);
        Assert.Equal(expected is null ? null : Time(expected), QuietTimes.Parse(quiet.ToJson())!.EndAt(Time(now)));
    }

    public static TheoryData<QuietTimes> Impossible =>
    [
        new QuietTimes("20:00"),
        new QuietTimes(null, "08:00"),
        new QuietTimes("8 pm", "08:00"),
        new QuietTimes("24:00", "08:00"),
        new QuietTimes("20:00", "20:00"),
        new QuietTimes("20:00", "20:00", [1, 2, 3, 4, 5, 6, 7]),
        new QuietTimes("20:00", "08:00", []),
        new QuietTimes("20:00", "08:00", [0]),
        new QuietTimes("20:00", "08:00", [8]),
        new QuietTimes("20:00", "08:00", null, "Nowhere/Atlantis"),
    ];

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public void Problem_OfWhatCannotBe_IsASentence(QuietTimes quiet) => Assert.EndsWith(".", quiet.Problem, StringComparison.Ordinal);

    [Fact]
    public void Problem_OfNone_IsNone()
    {
        Assert.Null(new QuietTimes().Problem);
        Assert.Null(new QuietTimes("", "", [], "Nowhere/Atlantis").Problem);
        Assert.True(new QuietTimes("", " ").IsNone);
        Assert.Null(new QuietTimes("20:00", "20:00", [6]).Problem);
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
