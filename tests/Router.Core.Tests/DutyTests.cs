using Microsoft.Extensions.Time.Testing;
using Microsoft.Extensions.Logging;
using Npgsql;
using Router.Core.Duties;

namespace Router.Core.Tests;

public sealed class DutyTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Lines _lines = new();

    [Fact]
    public void Failures_OneAfterTheOther_AreLoggedAtFirstEachHalfMinuteAndWhenTheyAreOver()
    {
        var duty = new HostDuties(_clock, _lines).Add("Sweeping", TimeSpan.FromSeconds(1));
        for (var second = 0; second < 65; second++)
        {
            duty.Fail(new PostgresException("out of shared memory", "ERROR", "ERROR", "53200"));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        duty.Succeed();
        Assert.Equal(
            [
                "Sweeping failed (PostgresException 53200); trying again",
                "Sweeping still fails (PostgresException 53200): 31 times in 30 s; trying again",
                "Sweeping still fails (PostgresException 53200): 61 times in 60 s; trying again",
                "Sweeping works again, after 65 failures in 65 s",
            ],
            _lines);
    }

    [Fact]
    public void Failures_BetweenSuccesses_AreNoFlood()
    {
        var duty = new HostDuties(_clock, _lines).Add("Sweeping", TimeSpan.FromSeconds(1));
        for (var i = 0; i < 100; i++)
        {
            duty.Fail(new TimeoutException());
            duty.Succeed();
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(2, _lines.Count);
    }

    [Theory]
    [InlineData(1, 59, false)]
    [InlineData(1, 61, true)]
    [InlineData(10, 99, false)]
    [InlineData(10, 101, true)]
    public void Duty_WithoutSuccess_IsLateAfterTenIntervalsOrAMinute(int interval, int seconds, bool isLate)
    {
        var duties = new HostDuties(_clock, _lines);
        var duty = duties.Add("Sweeping", TimeSpan.FromSeconds(interval));
        duty.Succeed();
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(isLate, duties.All.Single().IsLate);
        duty.Fail(new TimeoutException());
        Assert.Equal(isLate, duty.IsLate);
        duty.Succeed();
        Assert.False(duty.IsLate);
    }

    private sealed class Lines : List<string>, ILogger<Duty>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add(formatter(state, exception));
    }
}
