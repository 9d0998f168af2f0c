using System.Runtime.ExceptionServices;
using MassTransit;
using RabbitMQ.Client.Exceptions;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>Does with a message whose consumer threw what <see cref="MessageFate"/> says: back to its queue, or set aside.</summary>
internal sealed class FailedMessages(string queue, SetAside setAside, IHostApplicationLifetime host) : IFilter<ExceptionReceiveContext>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        // It logs, and a message that nobody declares faulty would be filed a second time, as skipped. Where a consumer threw, that is said
        // already.
        if (!context.IsFaulted)
            await context.NotifyFaulted(context.Exception);
        var failure = FailureOf(context.Exception, host.ApplicationStopping.IsCancellationRequested);
        switch (MessageFate.After(failure.Kind))
        {
            case MessageFate.SetAside aside:
                await setAside.Keep(queue, context, aside.Reason, failure.Detail);
                await next.Send(context);
                break;
            case MessageFate.GiveBack back:
                if (!back.IsAtOnce)
                    await Task.Delay(Pause);
                // Whatever a filter throws makes MassTransit give the message back.
                ExceptionDispatchInfo.Throw(context.Exception);
                break;
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("failedMessages");

    private static MessageFailure FailureOf(Exception failed, bool isStopping) => failed switch
    {
        MassTransitException { InnerException: OperationInterruptedException } or RabbitMQClientException => new(FailureKind.BrokerAway),
        TransportException or ConnectionException => new(FailureKind.BrokerAway),
        ConsumerCanceledException when isStopping => new(FailureKind.Stopping),
        _ => MessageFailure.Of(failed, isStopping),
    };
}
