namespace Router.Core.Deliveries;

/// <summary>What must be known of a delivery, besides the answer, to say what comes next.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Step">How many retries of the schedule were made before.</param>
/// <param name="IsToLeadManager">
/// Whether it goes to the site's Lead Manager, which is never switched off, and whose leads are never given up while it is down.
/// </param>
/// <param name="IsProbe">Whether it was sent to a paused destination, to find out if that is well again.</param>
/// <param name="WasDelivered">Whether the receiver has it already: a replay of it that fails is nobody's dead letter.</param>
/// <param name="IsDown">Whether its destination is down; only looked at where <see cref="NextStep.DependsOnHealth"/>.</param>
/// <param name="Schedule">The destination's own delays before each retry; null for the router's.</param>
public readonly record struct DeliveryFacts(
    DeliveryKind Kind, int Step, bool IsToLeadManager, bool IsProbe, bool WasDelivered, bool IsDown = false,
    IReadOnlyList<TimeSpan>? Schedule = null);

/// <summary>The one place that decides what an answer leads to. Pure.</summary>
/// <param name="State">The state to record.</param>
/// <param name="Delay">Until the next attempt; null when none is planned.</param>
/// <param name="Step">How many retries of the schedule are used up once the next one is made.</param>
/// <param name="NeedsDeadLetter">
/// Whether a dead letter must be in RabbitMQ before this is recorded; if it can't be, see <see cref="WithoutDeadLetter"/>.
/// </param>
/// <param name="SwitchesOff">Whether the destination is switched off: its receiver wants no more leads.</param>
public sealed record NextStep(DeliveryState State, TimeSpan? Delay, int Step, bool NeedsDeadLetter = false, bool SwitchesOff = false)
{
    /// <summary>What follows from an attempt.</summary>
    /// <param name="attempt">The attempt and its answer.</param>
    /// <param name="facts">What is known of the delivery.</param>
    /// <param name="options">The schedule.</param>
    /// <param name="proxyPause">When it is tried again if our own proxy was to blame.</param>
    /// <param name="random">From 0 to 1: where in the span of the schedule's jitter.</param>
    public static NextStep After(
        Attempt attempt, DeliveryFacts facts, DeliveryOptions options, TimeSpan proxyPause, double random) => attempt.Result switch
    {
        AttemptResult.Delivered when facts.Kind is DeliveryKind.RepeatedTest && attempt.Number == 1 =>
            new NextStep(DeliveryState.Retrying, TimeSpan.Zero, facts.Step),
        AttemptResult.Delivered => new NextStep(DeliveryState.Delivered, null, facts.Step),
        AttemptResult.Rejected =>
            new NextStep(DeliveryState.Rejected, null, facts.Step, SwitchesOff: IsSwitchedOff(attempt.Answer, facts)),
        AttemptResult.Failed => AfterFailure(attempt.Answer, facts, options, proxyPause, random),
    };

    /// <summary>
    /// Whether <see cref="DeliveryFacts.IsDown"/> makes a difference: it would be given up otherwise. To find out costs a query, so it
    /// isn't looked up for every answer.
    /// </summary>
    public static bool DependsOnHealth(Attempt attempt, DeliveryFacts facts, DeliveryOptions options) =>
        attempt.Result is AttemptResult.Failed && !IsOfProxy(attempt.Answer) && !IsTest(facts.Kind) && facts.IsToLeadManager
        && !facts.IsProbe && IsUsedUp(facts, options);

    /// <summary>
    /// RabbitMQ didn't confirm the dead letter. A delivery isn't dead before that, or nobody would see it: it is tried once more, at the
    /// same step of the schedule.
    /// </summary>
    public NextStep WithoutDeadLetter(DeliveryOptions options) =>
        this with { State = DeliveryState.Retrying, Delay = options.Lease, NeedsDeadLetter = false };

    private static NextStep AfterFailure(
        Answer answer, DeliveryFacts facts, DeliveryOptions options, TimeSpan proxyPause, double random)
    {
        // Never retried, nobody's dead letter: whoever asked for the test is looking at the answer.
        if (IsTest(facts.Kind))
            return new NextStep(DeliveryState.Dead, null, facts.Step);
        // However often they fail, leads of a paused destination are held, and so are a Lead Manager's while it is down.
        if (facts.IsProbe || facts.IsDown && facts.IsToLeadManager && IsUsedUp(facts, options))
            return new NextStep(DeliveryState.Held, null, facts.Step);
        // No lead is given up because our own proxy is down, however long: it is as if this attempt hadn't been.
        if (IsOfProxy(answer))
            return new NextStep(DeliveryState.Retrying, proxyPause, facts.Step);

        return RetrySchedule.Delay(options, facts.Step, Outcome.RetryAfter(answer), random, facts.Schedule) is { } delay
            ? new NextStep(DeliveryState.Retrying, delay, facts.Step + 1)
            // The ledger makes of this "delivered" again if it was that before.
            : new NextStep(DeliveryState.Dead, null, facts.Step, NeedsDeadLetter: !facts.WasDelivered);
    }

    private static bool IsSwitchedOff(Answer answer, DeliveryFacts facts) =>
        Outcome.DeactivatesDestination(answer) && !facts.IsToLeadManager && !IsTest(facts.Kind);

    private static bool IsOfProxy(Answer answer) => answer.IsOfProxyItself;

    private static bool IsUsedUp(DeliveryFacts facts, DeliveryOptions options) => facts.Step >= (facts.Schedule ?? options.Schedule).Count;

    private static bool IsTest(DeliveryKind kind) => kind switch
    {
        DeliveryKind.Test or DeliveryKind.RepeatedTest => true,
        DeliveryKind.Lead or DeliveryKind.Notice => false,
    };
}
