using Microsoft.Extensions.Options;
using Router.Core.Leads;

namespace Router.Core.Intake;

/// <summary>
/// Makes the events of each lead, and of each user, a chain. An event may reach a worker before the one that it follows, when nobody can
/// see that one in the ledger yet; so it says itself which one that is (<see cref="LeadEvent.Follows"/>), whichever API host accepted it
/// (<see cref="EventRegister"/>, or <see cref="RecentEvents"/> while Postgres doesn't answer).
/// </summary>
public sealed class EventSequence(EventRegister register, RecentEvents recent, IOptions<OrderOptions> options)
{
    /// <summary>
    /// The event as it is to be published: with the one that it follows, and accepted later than that one, whatever the clocks say. Its
    /// sender may hear that it is accepted once the task is done, too: whoever comes next finds it then.
    /// </summary>
    /// <param name="lead">The event.</param>
    /// <param name="isRepetition">Whether the same request came before: it keeps its place in the chain.</param>
    public async ValueTask<(LeadEvent Lead, Task Entered)> Place(LeadEvent lead, bool isRepetition)
    {
        if (!options.Value.Keep || lead.Subject is null)
            return (lead, Task.CompletedTask);
        if (isRepetition)
            return (lead.Action.MayFollow() && (await register.Find(lead) ?? recent.Find(lead)) is { } first
                ? lead with { Follows = first.Id } : lead, Task.CompletedTask);

        var here = recent.Enter(lead);
        var entered = register.Enter(lead);
        // A new lead follows nothing, and waits for nothing here.
        if (!lead.Action.MayFollow())
            return (lead, entered);

        var anywhere = await entered;
        var before = here is { } own && (anywhere is not { } other || other.AcceptedAt < own.AcceptedAt) ? here : anywhere;
        return (before is { } latest && latest.Id != lead.EventId
            ? lead with { Follows = latest.Id, AcceptedAt = After(latest, lead.AcceptedAt) } : lead, Task.CompletedTask);
    }

    /// <summary>When an event counts as accepted that follows another one.</summary>
    internal static DateTimeOffset After(RecentEvent? before, DateTimeOffset acceptedAt) =>
        before is { } latest && latest.AcceptedAt >= acceptedAt ? latest.AcceptedAt.AddMicroseconds(1) : acceptedAt;
}
