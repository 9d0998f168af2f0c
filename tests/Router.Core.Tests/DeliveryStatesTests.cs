using Router.Core.Deliveries;

namespace Router.Core.Tests;

/// <summary>The words are in the ledger, in SQL and in a contract: they don't change with the names of the enums.</summary>
public sealed class DeliveryStatesTests
{
    [Fact]
    public void Text_OfEachState_IsTheLedgers() =>
        Assert.Equal(["delivered", "rejected", "retrying", "held", "dead", "canceled"], DeliveryStates.All.Select(state => state.Text()));

    [Fact]
    public void Parse_OfEachWord_IsItsState() =>
        Assert.Equal(DeliveryStates.All, DeliveryStates.All.Select(state => DeliveryStates.Parse(state.Text())));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Dead")]
    [InlineData("dead ")]
    [InlineData("4")]
    public void TryParse_OfAnythingElse_IsNone(string? text) => Assert.Null(DeliveryStates.TryParse(text));

    [Theory]
    [InlineData(DeliveryState.Delivered, true)]
    [InlineData(DeliveryState.Rejected, true)]
    [InlineData(DeliveryState.Retrying, false)]
    [InlineData(DeliveryState.Held, false)]
    [InlineData(DeliveryState.Dead, true)]
    [InlineData(DeliveryState.Canceled, true)]
    public void IsFinished_OfAState_IsWhetherNothingMoreHappensByItself(DeliveryState state, bool expected) =>
        Assert.Equal(expected, state.IsFinished());

    [Fact]
    public void Text_OfEachResult_IsTheLedgers() =>
        Assert.Equal(["delivered", "rejected", "failed"], Enum.GetValues<AttemptResult>().Select(result => result.Text()));
}
