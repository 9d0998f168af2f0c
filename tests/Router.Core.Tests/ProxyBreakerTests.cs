using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class ProxyBreakerTests
{
    private static readonly IsolationOptions Options = new()
    {
        DeferDelay = TimeSpan.FromSeconds(1), BreakerPause = TimeSpan.FromSeconds(3),
    };

    private static readonly ProxyException Failure = new(AttemptError.ProxyUnreachable, "can't be reached");

    private readonly FakeTimeProvider _time = new();
    private readonly ProxyBreaker _breaker;

    public ProxyBreakerTests() => _breaker = new ProxyBreaker("proxy.test:3128", Options, _time, NullLogger.Instance);

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 60)]
    public void Proxy_ThatCanBeConnectedTo_IsWellUnlessRequestsStillFail(bool isOfConnecting, int seconds)
    {
        _breaker.Connected();
        _breaker.Failed(new ProxyException(AttemptError.ProxyAuthentication, "says no") { IsOfConnecting = isOfConnecting });
        if (seconds > 0)
        {
            Assert.Throws<ProxyException>(_breaker.Connected);
            Assert.NotNull(_breaker.Trouble);
        }

        _time.Advance(TimeSpan.FromSeconds(seconds));
        _breaker.Connected();
        Assert.Null(_breaker.Trouble);
    }

    [Fact]
    public void Proxy_ThatFails_IsTriedByOneRequestAfterPausesThatGrow()
    {
        Assert.True(_breaker.LetsThrough());
        Assert.Null(_breaker.Trouble);
        _breaker.Failed(Failure);
        _breaker.Failed(Failure);
        Assert.Contains("proxy.test:3128 can't be reached, since", _breaker.Trouble, StringComparison.Ordinal);

        foreach (var seconds in new[] { 1, 2, 3, 3 })
        {
            Assert.False(_breaker.LetsThrough());
            Assert.Equal(TimeSpan.FromSeconds(seconds), _breaker.ShutFor);
            _time.Advance(TimeSpan.FromSeconds(seconds));
            Assert.True(_breaker.LetsThrough());
            _breaker.Failed(Failure);
        }

        Assert.False(_breaker.LetsThrough());
        _breaker.Worked();
        Assert.True(_breaker.LetsThrough());
        Assert.True(_breaker.LetsThrough());
        Assert.Null(_breaker.Trouble);
    }
}
