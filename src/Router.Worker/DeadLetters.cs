using MassTransit;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Worker;

/// <summary>Puts a readable copy of a delivery that is given up into <c>lead-dead-letters</c>.</summary>
internal sealed class DeadLetters(IBus bus)
{
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(10);

    private static readonly IPipe<PublishContext<DeadLetter>> Mandatory = Pipe.Execute<PublishContext<DeadLetter>>(context => context.Mandatory = true);

    /// <summary>
    /// Returns once the broker has it. Called before the state is recorded: a crash in between leaves a copy too many, which
    /// a replay recognizes, and never a dead delivery that nobody can see.
    /// </summary>
    public async Task Publish(LeadEvent lead, Destination destination, byte[] body, Attempt attempt)
    {
        using var limit = new CancellationTokenSource(ConfirmTimeout);
        await bus.Publish(
            new DeadLetter
            {
                EventId = lead.EventId,
                DestinationId = destination.Id,
                DestinationName = destination.Name,
                SiteId = lead.SiteId,
                Action = lead.Action,
                LeadId = lead.LeadId,
                AcceptedAt = lead.AcceptedAt,
                Attempts = attempt.Number,
                LastStatus = attempt.Answer.Status,
                LastError = attempt.Answer.ErrorCode,
                Body = new RawJson(body),
            },
            Mandatory,
            limit.Token);
    }
}
