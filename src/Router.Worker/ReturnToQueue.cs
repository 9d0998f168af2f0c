using MassTransit;
using RabbitMQ.Client.Exceptions;
using Router.Core.Database;

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
        if (!IsOutage(context.Exception))
        {
            await next.Send(context);
            return;
        }

        await context.NotifyFaulted(context.Exception);
        if (context.Exception is not OperationCanceledException)
            await Task.Delay(Pause);
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(context.Exception);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("returnToQueue");

    private static bool IsOutage(Exception exception) =>
        exception is OperationCanceledException or MassTransitException { InnerException: OperationInterruptedException } or RabbitMQClientException
            or TransportException or ConnectionException
        || DatabaseAvailability.IsOutage(exception);
}
