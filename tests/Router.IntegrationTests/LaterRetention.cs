using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Router.Core;
using Router.Core.Retention;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The ledger's retention on a router's database, as it will be some days from now.</summary>
internal sealed class LaterRetention : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public LaterRetention(RouterFixture router, int days)
    {
        _services = new ServiceCollection()
            .AddLogging()
            .AddLedger(new ConfigurationBuilder().AddInMemoryCollection(router.Settings!).Build())
            .AddDelivery()
            .AddSingleton<TimeProvider>(new Later(TimeSpan.FromDays(days)))
            .BuildServiceProvider();
        Ledger = _services.GetRequiredService<LedgerRetention>();
    }

    public LedgerRetention Ledger { get; }

    /// <summary>Until nothing is left to do.</summary>
    public Task Tend() => Eventually.True(() => Ledger.Tend(TestContext.Current.CancellationToken), "the ledger is tended");

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
