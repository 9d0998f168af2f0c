using Router.Core.Alerts;

namespace Router.Core.Tests;

public sealed class TroubleChangesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan ClearAfter = TimeSpan.FromMinutes(2);
    private static readonly HashSet<TroubleKind> Fast = [TroubleKind.Failing, TroubleKind.OnHold, TroubleKind.GivenUp];

    [Fact]
    public void New_IsOpenedOnceItIsWorthTelling()
    {
        var changes = Of([], [Found("a", TroubleKind.Failing, isWorthTelling: false), Found("b", TroubleKind.Failing)]);
        Assert.Equal(["b"], changes.Opened.Select(trouble => trouble.Subject));
        Assert.Empty(changes.Ended);
    }

    [Fact]
    public void Open_StaysOpenThoughItWouldNotBeOpened()
    {
        var changes = Of([Open("a", TroubleKind.Failing)], [Found("a", TroubleKind.Failing, isWorthTelling: false)]);
        Assert.Single(changes.Seen);
        Assert.Empty(changes.Opened.Concat<object>(changes.Worse.Cast<object>()).Concat(changes.Ended));
    }

    [Theory]
    [InlineData(TroubleKind.Failing, TroubleKind.Failing, TroubleKind.OnHold, true)]
    [InlineData(TroubleKind.Failing, TroubleKind.Failing, TroubleKind.Failing, false)]
    // On hold, tried, failing, and on hold again: people know.
    [InlineData(TroubleKind.OnHold, TroubleKind.OnHold, TroubleKind.Failing, false)]
    [InlineData(TroubleKind.Failing, TroubleKind.OnHold, TroubleKind.OnHold, false)]
    public void Open_IsToldAgainOnceItIsGraverThanWhatWasTold(TroubleKind kind, TroubleKind told, TroubleKind found, bool isWorse)
    {
        var changes = Of([Open("a", kind, told)], [Found("a", found)]);
        Assert.Equal(isWorse, changes.Worse.Count == 1);
    }

    [Fact]
    public void Gone_EndsAfterAWhile()
    {
        Assert.Empty(Of([Open("a", TroubleKind.Failing, seenAgo: TimeSpan.FromSeconds(119))], []).Ended);
        Assert.Single(Of([Open("a", TroubleKind.Failing, seenAgo: TimeSpan.FromSeconds(120))], []).Ended);
    }

    [Fact]
    public void WhatWasNotLookedFor_IsLeftAlone() =>
        Assert.Empty(Of([Open("a", TroubleKind.Silent, seenAgo: TimeSpan.FromHours(1))], []).Ended);

    [Theory]
    [InlineData(10, 19, false)]
    [InlineData(10, 20, true)]
    public void GivenUp_IsToldAgainOnceTheyAreTwiceAsMany(int told, int found, bool isWorse)
    {
        var changes = Of(
            [Open("a", TroubleKind.GivenUp) with { ToldCount = told }], [Found("a", TroubleKind.GivenUp) with { Count = found }]);
        Assert.Equal(isWorse, changes.Worse.Count == 1);
    }

    private static TroubleChanges Of(IReadOnlyCollection<OpenTrouble> open, IReadOnlyCollection<FoundTrouble> found) =>
        TroubleChanges.Of(open, found, Fast, Now, ClearAfter);

    private static FoundTrouble Found(string subject, TroubleKind kind, bool isWorthTelling = true) =>
        new(subject, kind, Guid.Empty, Guid.Empty, Product: null, Now, 3, "", isWorthTelling);

    private static OpenTrouble Open(string subject, TroubleKind kind, TroubleKind? told = null, TimeSpan seenAgo = default) =>
        new(Guid.NewGuid(), subject, kind.Text(), (told ?? kind).Text(), ToldCount: 3, Now - seenAgo);
}
