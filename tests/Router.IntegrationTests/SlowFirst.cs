using Xunit.Sdk;
using Xunit.v3;

namespace Router.IntegrationTests;

/// <summary>
/// Classes that take long begin first: the last one to end would run alone otherwise, with the other processors idle. A class that isn't
/// here, or no longer as slow, costs nothing but that.
/// </summary>
public sealed class SlowFirst : ITestCollectionOrderer
{
    // By their time in a run of everything. Those that mostly wait stand between those that work.
    private static readonly string[] Slow =
    [
        nameof(FiringAlertsTests), nameof(NeighbourTests), nameof(PaceTests), nameof(CrashTests), nameof(LeadOrderPropertyTests),
        nameof(AccessTests), nameof(RestartTests), nameof(AlertTests), nameof(BrokerPolicyTests), nameof(StrainedHostTests),
        nameof(RetentionTests), nameof(OutboxTests), nameof(QuietTimesTests), nameof(StateDiagramTests), nameof(PostgresRestoreTests),
        nameof(DuplicateTests), nameof(BrokerClusterTests), nameof(FailoverTests), nameof(UpgradeTests), nameof(BenchmarkTests),
        nameof(PgBouncerTests), nameof(ProxyTests), nameof(BothAwayTests), nameof(BrokerLossTests), nameof(BrokerAlarmTests),
        nameof(ReceiverSampleTests), nameof(LeadOrderEndTests), nameof(StartScriptTests), nameof(MetricsTests), nameof(TracesTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(Place).ThenBy(collection => collection.UniqueID, StringComparer.Ordinal)];

    private static int Place<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(Slow, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal));
        return place < 0 ? Slow.Length : place;
    }
}
