using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class NextStepTests
{
    private const double MiddleOfTheJitter = 0.5;

    private static readonly DeliveryOptions Options = new() { RetrySchedule = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)] };
    private static readonly TimeSpan ProxyPause = TimeSpan.FromSeconds(7);

    // Each row: status (0 for none), number, what is known of the delivery, and the expected state, delay in seconds, step and dead letter.
    public static TheoryData<int, int, DeliveryFacts, NextStep> Steps => new()
    {
        // A lead, as long as the schedule has a step for it.
        { 200, 1, Lead(step: 0), new(DeliveryState.Delivered, null, 0) },
        { 200, 2, Lead(step: 1), new(DeliveryState.Delivered, null, 1) },
        { 406, 1, Lead(step: 0), new(DeliveryState.Rejected, null, 0) },
        { 410, 1, Lead(step: 0), new(DeliveryState.Rejected, null, 0, SwitchesOff: true) },
        { 500, 1, Lead(step: 0), new(DeliveryState.Retrying, Seconds(5), 1) },
        { 0, 1, Lead(step: 0), new(DeliveryState.Retrying, Seconds(5), 1) },
        { 500, 2, Lead(step: 1), new(DeliveryState.Retrying, Seconds(30), 2) },
        // The number is that of the request; what was deferred or replayed may be further than its step says.
        { 500, 9, Lead(step: 1), new(DeliveryState.Retrying, Seconds(30), 2) },

        // The schedule is used up.
        { 200, 3, Lead(step: 2), new(DeliveryState.Delivered, null, 2) },
        { 500, 3, Lead(step: 2), new(DeliveryState.Dead, null, 2, NeedsDeadLetter: true) },
        { 0, 3, Lead(step: 2), new(DeliveryState.Dead, null, 2, NeedsDeadLetter: true) },
        { 500, 3, Lead(step: 2) with { WasDelivered = true }, new(DeliveryState.Dead, null, 2) },
        { 500, 2, Lead(step: 1) with { WasDelivered = true }, new(DeliveryState.Retrying, Seconds(30), 2) },
        { 500, 3, Lead(step: 2) with { IsDown = true }, new(DeliveryState.Dead, null, 2, NeedsDeadLetter: true) },

        // A schedule of its destination's own.
        { 500, 1, Lead(step: 0) with { Schedule = [Seconds(60)] }, new(DeliveryState.Retrying, Seconds(60), 1) },
        { 500, 2, Lead(step: 1) with { Schedule = [Seconds(60)] }, new(DeliveryState.Dead, null, 1, NeedsDeadLetter: true) },
        { 500, 3, Lead(step: 2) with { Schedule = [Seconds(1), Seconds(1), Seconds(9)] }, new(DeliveryState.Retrying, Seconds(9), 3) },
        { 500, 2, ToLeadManager(step: 1) with { Schedule = [Seconds(60)], IsDown = true }, new(DeliveryState.Held, null, 1) },
        { 500, 3, ToLeadManager(step: 2) with { Schedule = [Seconds(1), Seconds(1), Seconds(9)], IsDown = true },
            new(DeliveryState.Retrying, Seconds(9), 3) },

        // A probe of a paused destination.
        { 200, 4, Lead(step: 1) with { IsProbe = true }, new(DeliveryState.Delivered, null, 1) },
        { 500, 4, Lead(step: 1) with { IsProbe = true }, new(DeliveryState.Held, null, 1) },
        { 500, 4, Lead(step: 2) with { IsProbe = true }, new(DeliveryState.Held, null, 2) },
        { 500, 4, Lead(step: 2) with { IsProbe = true, WasDelivered = true }, new(DeliveryState.Held, null, 2) },
        { 410, 4, Lead(step: 1) with { IsProbe = true }, new(DeliveryState.Rejected, null, 1, SwitchesOff: true) },

        // Lead Manager.
        { 500, 2, ToLeadManager(step: 1), new(DeliveryState.Retrying, Seconds(30), 2) },
        { 500, 2, ToLeadManager(step: 1) with { IsDown = true }, new(DeliveryState.Retrying, Seconds(30), 2) },
        { 500, 3, ToLeadManager(step: 2), new(DeliveryState.Dead, null, 2, NeedsDeadLetter: true) },
        { 500, 3, ToLeadManager(step: 2) with { IsDown = true }, new(DeliveryState.Held, null, 2) },
        { 410, 1, ToLeadManager(step: 0), new(DeliveryState.Rejected, null, 0) },

        // A notice goes the way of a lead.
        { 200, 1, Notice(step: 0), new(DeliveryState.Delivered, null, 0) },
        { 500, 1, Notice(step: 0), new(DeliveryState.Retrying, Seconds(5), 1) },
        { 500, 3, Notice(step: 2), new(DeliveryState.Dead, null, 2, NeedsDeadLetter: true) },
        { 410, 1, Notice(step: 0), new(DeliveryState.Rejected, null, 0, SwitchesOff: true) },

        // A test is sent once, has no consequences, and only the kind that wants a repetition gets one.
        { 200, 1, Test(DeliveryKind.Test), new(DeliveryState.Delivered, null, 0) },
        { 500, 1, Test(DeliveryKind.Test), new(DeliveryState.Dead, null, 0) },
        { 410, 1, Test(DeliveryKind.Test), new(DeliveryState.Rejected, null, 0) },
        { 500, 1, Test(DeliveryKind.Test) with { IsToLeadManager = true, IsDown = true }, new(DeliveryState.Dead, null, 0) },
        { 500, 1, Test(DeliveryKind.Test) with { IsProbe = true }, new(DeliveryState.Dead, null, 0) },
        { 200, 1, Test(DeliveryKind.RepeatedTest), new(DeliveryState.Retrying, TimeSpan.Zero, 0) },
        { 200, 2, Test(DeliveryKind.RepeatedTest), new(DeliveryState.Delivered, null, 0) },
        { 406, 1, Test(DeliveryKind.RepeatedTest), new(DeliveryState.Rejected, null, 0) },
        { 500, 1, Test(DeliveryKind.RepeatedTest), new(DeliveryState.Dead, null, 0) },
        { 500, 2, Test(DeliveryKind.RepeatedTest), new(DeliveryState.Dead, null, 0) },
    };

    [Theory]
    [MemberData(nameof(Steps), DisableDiscoveryEnumeration = true)]
    public void After_AnAnswer_IsTheContracts(int status, int number, DeliveryFacts facts, NextStep expected) =>
        Assert.Equal(expected, NextStep.After(Of(status, number), facts, Options, ProxyPause, MiddleOfTheJitter));

    [Theory]
    [InlineData(429, 60)]
    [InlineData(503, 60)]
    [InlineData(500, 5)]
    public void After_AnAnswerThatAsksForAWait_HasTheLongerDelay(int status, int seconds)
    {
        var attempt = new Attempt(1, default, default, new Answer { Status = status, RetryAfter = Seconds(60) });
        Assert.Equal(Seconds(seconds), NextStep.After(attempt, Lead(step: 0), Options, ProxyPause, MiddleOfTheJitter).Delay);
    }

    public static TheoryData<int, DeliveryFacts, bool> Questions => new()
    {
        { 500, ToLeadManager(step: 2), true },
        { 0, ToLeadManager(step: 2), true },
        { 500, ToLeadManager(step: 2) with { WasDelivered = true }, true },
        { 500, ToLeadManager(step: 1), false },
        { 500, ToLeadManager(step: 1) with { Schedule = [Seconds(60)] }, true },
        { 500, ToLeadManager(step: 2) with { Schedule = [Seconds(1), Seconds(1), Seconds(9)] }, false },
        { 200, ToLeadManager(step: 2), false },
        { 406, ToLeadManager(step: 2), false },
        { 500, ToLeadManager(step: 2) with { IsProbe = true }, false },
        { 500, ToLeadManager(step: 2) with { Kind = DeliveryKind.Test }, false },
        { 500, Lead(step: 2), false },
    };

    /// <summary>And where it doesn't, what is said of it changes nothing.</summary>
    [Theory]
    [MemberData(nameof(Questions), DisableDiscoveryEnumeration = true)]
    public void DependsOnHealth_OnlyWhereALeadManagersLeadWouldBeGivenUp(int status, DeliveryFacts facts, bool expected)
    {
        var attempt = Of(status, number: 3);
        Assert.Equal(expected, NextStep.DependsOnHealth(attempt, facts, Options));
        Assert.Equal(expected, After(facts with { IsDown = true }) != After(facts with { IsDown = false }));

        NextStep After(DeliveryFacts known) => NextStep.After(attempt, known, Options, ProxyPause, MiddleOfTheJitter);
    }

    [Fact]
    public void WithoutDeadLetter_TriesAgainAtTheSameStep()
    {
        var dead = NextStep.After(Of(500, number: 3), Lead(step: 2), Options, ProxyPause, MiddleOfTheJitter);
        Assert.Equal(new NextStep(DeliveryState.Retrying, Options.Lease, 2), dead.WithoutDeadLetter(Options));
    }

    /// <summary>However long our own proxy is down, and however far the schedule is.</summary>
    [Theory]
    [InlineData(0, AttemptError.ProxyUnreachable, true)]
    [InlineData(2, AttemptError.ProxyUnreachable, true)]
    [InlineData(2, AttemptError.ProxyAuthentication, true)]
    [InlineData(2, AttemptError.ProxyRefused, false)]
    [InlineData(2, AttemptError.ProxyNoConnection, false)]
    public void Failure_OfOurProxyItself_UsesUpNoStep(int step, AttemptError error, bool isOurs)
    {
        var attempt = new Attempt(9, default, default, new Answer { Error = error });
        var again = new NextStep(DeliveryState.Retrying, ProxyPause, step);
        Assert.Equal(isOurs, again == NextStep.After(attempt, Lead(step), Options, ProxyPause, MiddleOfTheJitter));
        Assert.Equal(isOurs, again == NextStep.After(attempt, ToLeadManager(step), Options, ProxyPause, MiddleOfTheJitter));
        Assert.Equal(!isOurs, NextStep.DependsOnHealth(attempt, ToLeadManager(step), Options));
        Assert.Equal(
            DeliveryState.Held, NextStep.After(attempt, Lead(step) with { IsProbe = true }, Options, ProxyPause, MiddleOfTheJitter).State);
        Assert.Equal(
            DeliveryState.Dead, NextStep.After(attempt, Test(DeliveryKind.Test), Options, ProxyPause, MiddleOfTheJitter).State);
    }

    private static Attempt Of(int status, int number) =>
        new(number, default, default, status == 0 ? new Answer { Error = AttemptError.ConnectionRefused } : new Answer { Status = status });

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private static DeliveryFacts Lead(int step) =>
        new(DeliveryKind.Lead, step, IsToLeadManager: false, IsProbe: false, WasDelivered: false);

    private static DeliveryFacts ToLeadManager(int step) => Lead(step) with { IsToLeadManager = true };

    private static DeliveryFacts Notice(int step) => Lead(step) with { Kind = DeliveryKind.Notice };

    private static DeliveryFacts Test(DeliveryKind kind) => Lead(step: 0) with { Kind = kind };
}
