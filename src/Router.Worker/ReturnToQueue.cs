using MassTransit;
using RabbitMQ.Client.Exceptions;
using Router.Core.Database;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>
/// Decides what becomes of a message whose consumer threw. Stopping hosts and lost servers are nobody's fault: the message
/// goes back to its queue. What remains is a message that cannot be understood or a bug of ours: it is set aside, where an operator
/// sees it and can send it again.
/// </summary>
internal sealed class ReturnToQueue(IHostApplicationLifetime host) : IFilter<ExceptionReceiveContext>
{
    // The broker redelivers at once, so a moment's wait keeps an outage from becoming a loop at full speed.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        // It logs, and a message that nobody declares faulty would be filed a second time, as skipped. Where a consumer threw, that is said already.
        if (!context.IsFaulted)
            await context.NotifyFaulted(context.Exception);
        // Until the host stops nobody cancels a consumer, unless by a bug.
        var isCanceled = context.Exception is OperationCanceledException
            || (context.Exception is ConsumerCanceledException && host.ApplicationStopping.IsCancellationRequested);
        if (!isCanceled && !IsOutage(context.Exception))
        {
            await next.Send(context);
            return;
        }

        if (!isCanceled)
            await Task.Delay(Pause);
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(context.Exception);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("returnToQueue");

    private static bool IsOutage(Exception exception) =>
        exception is LostPlanException or MassTransitException { InnerException: OperationInterruptedException } or RabbitMQClientException
            or TransportException or ConnectionException
        || DatabaseAvailability.IsOutage(exception);
}
