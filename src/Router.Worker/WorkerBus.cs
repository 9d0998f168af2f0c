using MassTransit;
using Router.Hosting;

namespace Router.Worker;

/// <summary>A bus and its connections.</summary>
internal sealed class WorkerBus(IBusControl control, BrokerSockets sockets)
{
    public IPublishEndpoint Publisher => control;

    /// <summary>One that can't start is ended: nothing of it connects later.</summary>
    public async Task Start(CancellationToken cancellationToken)
    {
        try
        {
            await control.StartAsync(cancellationToken);
        }
        catch
        {
            sockets.End();
            throw;
        }
    }

    /// <summary>Messages in hand are finished and acknowledged, if that takes no longer.</summary>
    public async Task Stop(TimeSpan patience)
    {
        try
        {
            await control.StopAsync(patience).WaitAsync(patience + TimeSpan.FromSeconds(1));
        }
        catch (TimeoutException)
        {
            // A dead one doesn't always heed the limit.
        }
        finally
        {
            // A connection that it was just making would bring it back.
            sockets.End();
        }
    }
}
