using MassTransit;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Telemetry;
using Router.Hosting;

namespace Router.Worker;

/// <summary>Puts a readable copy of a delivery that is given up into <c>lead-dead-letters</c>.</summary>
internal sealed partial class DeadLetters(CurrentBus bus, IOptions<BrokerOptions> broker, ILogger<DeadLetters> logger)
{
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(10);

    // What a letter says besides the body.
    private const int Envelope = 4 * 1024;

    private static readonly byte[] TooLarge = "null"u8.ToArray();

    private static readonly IPipe<PublishContext<DeadLetter>> Mandatory = Pipe.Execute<PublishContext<DeadLetter>>(
        context => context.Mandatory = true);

    /// <summary>True once the broker has it; false: it isn't dead yet, try once more later. See <see cref="PublishDeadLetter"/>.</summary>
    public async Task<bool> TryPublish(LeadEvent lead, Destination destination, byte[] body, Attempt attempt)
    {
        using var limit = new CancellationTokenSource(ConfirmTimeout);
        using var span = PublishTraces.Begin(DeadLetter.QueueName, lead);
        try
        {
            // The broker would refuse it for ever. The ledger has the lead; only the copy to read comes without it.
            var readable = body.Length <= broker.Value.MaxMessageBytes - Envelope ? body : TooLarge;
            await bus.Publish(Letter(lead, destination, readable, attempt), Mandatory, limit.Token);
            return true;
        }
#pragma warning disable CA1031 // Whatever it was, the broker doesn't have it; the delivery goes on instead.
        catch (Exception failed)
        {
            span?.Failed(failed);
            LogNotConfirmed(logger, lead.EventId, destination.Id, failed.GetType().Name);
            return false;
        }
#pragma warning restore CA1031
    }

    private static DeadLetter Letter(LeadEvent lead, Destination destination, byte[] body, Attempt attempt) => new()
    {
        EventId = lead.EventId,
        DestinationId = destination.Id,
        DestinationName = destination.Name,
        SiteId = lead.SiteId,
        Action = lead.Action.Text(),
        LeadId = lead.LeadId,
        AcceptedAt = lead.AcceptedAt,
        Attempts = attempt.Number,
        LastStatus = attempt.Answer.Status,
        LastError = attempt.Answer.ErrorCode,
        Body = new RawJson(body),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The dead letter of event {MessageId} at destination {DestinationId} was not confirmed by RabbitMQ ({Exception}); "
        + "it is tried again instead")]
    private static partial void LogNotConfirmed(ILogger logger, Guid messageId, Guid destinationId, string exception);
}
