using Router.Core.SetAside;

namespace Router.Core.Deliveries;

/// <summary>The one place that decides what becomes of a message that wasn't taken care of; what was is acknowledged. Pure.</summary>
public abstract record MessageFate
{
    private MessageFate()
    {
    }

    /// <summary>
    /// Stopping hosts and lost servers are nobody's fault: the message goes back to its queue. What remains is a message that can't be
    /// understood or a bug of ours: it is set aside, where an operator sees it and can send it again.
    /// </summary>
    public static MessageFate After(FailureKind failure) => failure switch
    {
        FailureKind.Stopping or FailureKind.Canceled => new GiveBack(IsAtOnce: true),
        FailureKind.BrokerAway or FailureKind.DatabaseAway or FailureKind.LostPlan => new GiveBack(IsAtOnce: false),
        FailureKind.UnknownSite => new SetAside(SetAsideReason.UnknownSite),
        FailureKind.Refused => new SetAside(SetAsideReason.Refused),
        FailureKind.Unreadable => new SetAside(SetAsideReason.Unreadable),
        FailureKind.Bug => new SetAside(SetAsideReason.Failed),
    };

    /// <summary>It isn't acknowledged, and the broker delivers it again.</summary>
    /// <param name="IsAtOnce">
    /// False where a server is away: the broker delivers again at once, which without a pause would be a loop at full speed.
    /// </param>
    public sealed record GiveBack(bool IsAtOnce) : MessageFate;

    /// <summary>It is kept in Postgres and then acknowledged.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record SetAside(SetAsideReason Reason) : MessageFate;
}
