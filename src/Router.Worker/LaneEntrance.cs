using MassTransit;
using Router.Core.SetAside;

namespace Router.Worker;

/// <summary>
/// Counts what comes in, and lets in as many large messages as there is room for. One that is too large is set aside before anything is
/// made of it.
/// </summary>
internal sealed class LaneEntrance(
    string queue, LaneCount count, LargeMessages room, int largest, SetAside setAside, IHostApplicationLifetime host)
    : IFilter<ReceiveContext>
{
    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        count.Begin();
        try
        {
            using var place = await room.Enter(queue, context.Body.Length ?? 0, host.ApplicationStopping);
            if (context.Body.Length > largest)
                await setAside.Keep(queue, context, SetAsideReason.TooLarge, detail: null);
            else
                await next.Send(context);
        }
        finally
        {
            count.End();
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("laneEntrance");
}
