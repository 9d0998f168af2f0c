using System.ComponentModel.DataAnnotations;
using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class RetryScheduleTests
{
    private static readonly DeliveryOptions Defaults = new();

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 30)]
    [InlineData(2, 120)]
    [InlineData(3, 600)]
    [InlineData(4, 1800)]
    [InlineData(5, 3600)]
    [InlineData(6, 7200)]
    [InlineData(7, 14400)]
    [InlineData(8, 14400)]
    [InlineData(9, 14400)]
    [InlineData(10, 14400)]
    public void Delay_InTheMiddleOfTheJitter_IsTheContracts(int step, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetrySchedule.Delay(Defaults, step, retryAfter: null, random: 0.5));

    [Theory]
    [InlineData(0.0, 8)]
    [InlineData(0.25, 9)]
    [InlineData(0.5, 10)]
    [InlineData(1.0, 12)]
    public void Delay_Jitter_StaysWithinAFifth(double random, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), RetrySchedule.Delay(Defaults, step: 3, retryAfter: null, random));

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(1000)]
    public void Delay_ScheduleUsedUp_IsNone(int step) =>
        Assert.Null(RetrySchedule.Delay(Defaults, step, retryAfter: null, random: 0.5));

    [Fact]
    public void Delay_ScheduleUsedUp_IsNoneEvenWithRetryAfter() =>
        Assert.Null(RetrySchedule.Delay(Defaults, step: 11, TimeSpan.FromSeconds(1), random: 0.5));

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(60, 60)]
    [InlineData(86_400, 86_400)]
    [InlineData(86_401, 86_400)]
    [InlineData(10_000_000, 86_400)]
    public void Delay_RetryAfter_IsTheLeastAndAtMostADay(int askedSeconds, int expectedSeconds) =>
        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds),
            RetrySchedule.Delay(Defaults, step: 0, TimeSpan.FromSeconds(askedSeconds), random: 0.5));

    [Fact]
    public void Delay_EmptySchedule_IsNone() =>
        Assert.Null(RetrySchedule.Delay(new DeliveryOptions { RetrySchedule = [] }, step: 0, retryAfter: null, random: 0.5));

    [Fact]
    public void Options_Defaults_AreValid() => Assert.Empty(Problems(Defaults));

    public static TheoryData<object> Invalid =>
    [
        new DeliveryOptions { RetrySchedule = [TimeSpan.Zero] },
        new DeliveryOptions { RetrySchedule = [TimeSpan.FromSeconds(-1)] },
        new DeliveryOptions { RetrySchedule = [TimeSpan.FromDays(8)] },
        new DeliveryOptions { RetrySchedule = [.. Enumerable.Repeat(TimeSpan.FromSeconds(1), 101)] },
        new DeliveryOptions { RetryJitter = 1.5 },
        new DeliveryOptions { RequestTimeout = TimeSpan.Zero },
        new DeliveryOptions { ConnectTimeout = TimeSpan.Zero },
        new DeliveryOptions { Lease = TimeSpan.FromSeconds(15) },
        new DeliveryOptions { MaxResponseBody = 20_000 },
        new DeliveryOptions { UserAgent = "" },
        new DeliveryOptions { UserAgent = "a\r\nX-Evil: 1" },
        new LaneOptions { Concurrency = 0 },
    ];

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public void Options_OutOfRange_AreRefused(object options) => Assert.NotEmpty(Problems(options));

    private static List<ValidationResult> Problems(object options)
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        return problems;
    }
}
