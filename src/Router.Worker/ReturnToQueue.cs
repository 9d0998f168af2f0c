using MassTransit;
using RabbitMQ.Client.Exceptions;
using Router.Core.Database;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>
/// Decides what becomes of a message whose consumer threw. Stopping hosts and lost servers are nobody's fault: the message
/// goes back to its queue. What remains is a message that cannot be understood or a bug of ours: the queue's
/// <c>_error</c> queue keeps it, where an operator sees it and can move it back.
/// </summary>
internal sealed class ReturnToQueue : IFilter<ExceptionReceiveContext>
{
    // The broker redelivers at once, so a moment's wait keeps an outage from becoming a loop at full speed.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        // Said in any case: it logs, and a message that nobody declares faulty would be filed a second time, as skipped.
        await context.NotifyFaulted(context.Exception);
        if (!IsOutage(context.Exception))
        {
            await next.Send(context);
            return;
        }

        if (context.Exception is not OperationCanceledException)
            await Task.Delay(Pause);
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(context.Exception);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("returnToQueue");

    private static bool IsOutage(Exception exception) =>
        exception is OperationCanceledException or LostPlanException or MassTransitException { InnerException: OperationInterruptedException } or RabbitMQClientException
            or TransportException or ConnectionException
        || DatabaseAvailability.IsOutage(exception);
}
