using MassTransit;
using Router.Core.SetAside;

namespace Router.Worker;

/// <summary>Counts what comes in. A message that is too large is set aside before anything is made of it.</summary>
internal sealed class LaneEntrance(string queue, LaneCount count, int largest, SetAside setAside) : IFilter<ReceiveContext>
{
    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        count.Begin();
        try
        {
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
