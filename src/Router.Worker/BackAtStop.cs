using MassTransit;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>
/// What a worker that stops had in hand and hasn't begun goes back to its queue. That is no fault: canceled by its own token, the message
/// is logged as canceled, where any other cancellation would be an error in the log for each.
/// </summary>
internal sealed class BackAtStop<TConsumer>(IHostApplicationLifetime host) : IFilter<ConsumerConsumeContext<TConsumer>>
    where TConsumer : class
{
    public async Task Send(ConsumerConsumeContext<TConsumer> context, IPipe<ConsumerConsumeContext<TConsumer>> next)
    {
        try
        {
            await next.Send(context);
        }
        catch (OperationCanceledException stopped) when (IsStop(stopped))
        {
            throw new OperationCanceledException("The worker stops.", stopped, context.CancellationToken);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("backAtStop");

    private bool IsStop(Exception failed) =>
        MessageFailure.Of(failed, host.ApplicationStopping.IsCancellationRequested).Kind is FailureKind.Stopping;
}
