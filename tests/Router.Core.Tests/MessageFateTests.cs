using System.Runtime.Serialization;
using System.Text.Json;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.SetAside;

namespace Router.Core.Tests;

public sealed class MessageFateTests
{
    public static TheoryData<FailureKind, MessageFate> Fates => new()
    {
        { FailureKind.Stopping, new MessageFate.GiveBack(IsAtOnce: true) },
        { FailureKind.Canceled, new MessageFate.GiveBack(IsAtOnce: true) },
        { FailureKind.BrokerAway, new MessageFate.GiveBack(IsAtOnce: false) },
        { FailureKind.DatabaseAway, new MessageFate.GiveBack(IsAtOnce: false) },
        { FailureKind.LostPlan, new MessageFate.GiveBack(IsAtOnce: false) },
        { FailureKind.UnknownSite, new MessageFate.SetAside(SetAsideReasons.TryParse("unknown_site")!.Value) },
        { FailureKind.Refused, new MessageFate.SetAside(SetAsideReasons.TryParse("refused")!.Value) },
        { FailureKind.Unreadable, new MessageFate.SetAside(SetAsideReasons.TryParse("unreadable")!.Value) },
        { FailureKind.Bug, new MessageFate.SetAside(SetAsideReasons.TryParse("failed")!.Value) },
    };

    [Theory]
    [MemberData(nameof(Fates), DisableDiscoveryEnumeration = true)]
    public void After_AFailure_IsBackOrAside(FailureKind failure, MessageFate expected) =>
        Assert.Equal(expected, MessageFate.After(failure));

    [Fact]
    public void Fates_OfAllKinds_AreInTheTable() => Assert.Equal(Enum.GetValues<FailureKind>(), Fates.Select(row => row.Data.Item1));

    public static TheoryData<Exception, MessageFailure> Failures => new()
    {
        { new OperationCanceledException(), new(FailureKind.Canceled) },
        { new TaskCanceledException(), new(FailureKind.Canceled) },
        { new LostPlanException(Guid.Empty), new(FailureKind.LostPlan) },

        // Servers, and the way to them.
        { new NpgsqlException("away"), new(FailureKind.DatabaseAway) },
        { new TimeoutException(), new(FailureKind.DatabaseAway) },
        { new IOException(), new(FailureKind.DatabaseAway) },
        { Postgres(PostgresErrorCodes.AdminShutdown), new(FailureKind.DatabaseAway) },
        { Postgres(PostgresErrorCodes.DiskFull), new(FailureKind.DatabaseAway) },
        { Postgres(PostgresErrorCodes.UndefinedTable), new(FailureKind.DatabaseAway) },

        // The event.
        { new UnknownSiteException(Guid.Empty), new(FailureKind.UnknownSite) },
        { Postgres(PostgresErrorCodes.NotNullViolation), new(FailureKind.Refused, "PostgresException 23502") },
        { new SerializationException(), new(FailureKind.Unreadable) },
        { new JsonException("", new FormatException()), new(FailureKind.Unreadable, "FormatException") },
        { new SerializationException("", new JsonException()), new(FailureKind.Unreadable, "JsonException") },
        { new InvalidOperationException("", new UnknownSiteException(Guid.Empty)), new(FailureKind.UnknownSite) },
        { new InvalidOperationException("", new InvalidOperationException("", new JsonException())), new(FailureKind.Unreadable) },

        // Ourselves.
        { new InvalidOperationException(), new(FailureKind.Bug, "InvalidOperationException") },
        { new InvalidOperationException("", new FormatException()), new(FailureKind.Bug, "InvalidOperationException: FormatException") },
        { new FormatException("", new OperationCanceledException()), new(FailureKind.Bug, "FormatException: OperationCanceledException") },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Of_AnException_IsItsKind(Exception failed, MessageFailure expected) =>
        Assert.Equal(expected, MessageFailure.Of(failed, isStopping: false));

    [Fact]
    public void Of_ACancellation_WhileTheHostStops_IsStopping() =>
        Assert.Equal(new MessageFailure(FailureKind.Stopping), MessageFailure.Of(new OperationCanceledException(), isStopping: true));

    [Fact]
    public void Of_AnythingElse_WhileTheHostStops_IsWhatItIs() =>
        Assert.Equal(FailureKind.UnknownSite, MessageFailure.Of(new UnknownSiteException(Guid.Empty), isStopping: true).Kind);

    private static PostgresException Postgres(string state) => new("", "ERROR", "ERROR", state);
}
