using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class RetryAfterHeaderTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0.0)]
    [InlineData("120", 120.0)]
    [InlineData(" 120 ", 120.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("Wed, 25 Nov 2026 10:01:00 GMT", 60.0)]
    [InlineData("Wed, 25 Nov 2026 09:00:00 GMT", 0.0)]
    [InlineData("-5", null)]
    [InlineData("-Infinity", null)]
    [InlineData("NaN", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Value_OfAnyForm_IsTheWait(string? value, double? seconds) =>
        Assert.Equal(seconds, RetryAfterHeader.Parse(value, Now)?.TotalSeconds);

    [Theory]
    [InlineData("2147483648")]
    [InlineData("99999999999")]
    [InlineData("Infinity")]
    [InlineData("999999999999999999999999999999999999999999")]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT")]
    public void Value_OfAges_IsRetriedAfterADay(string value)
    {
        var asked = RetryAfterHeader.Parse(value, Now);
        Assert.Equal(TimeSpan.FromHours(24), RetrySchedule.Delay(new DeliveryOptions(), step: 0, asked, random: 0.5));
    }
}
