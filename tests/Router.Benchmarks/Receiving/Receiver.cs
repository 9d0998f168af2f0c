using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Receiving;

/// <summary>The process with the destinations: one port for each.</summary>
internal static class Receiver
{
    public static Task Serve(int count)
    {
        var ports = Enumerable.Range(0, count).Select(_ => new ReceiverPort()).ToList();
        foreach (var port in ports)
            _ = port.Accept();

        return Orders.Serve<ReceiverOrder, Arrivals>(order =>
        {
            if (order.Port is { } changed)
                ports.Single(port => port.Port == changed).Behave(order.Hangs, order.DelayMilliseconds);
            return Task.FromResult(new Arrivals(Clock.Now, [.. ports.Select(port => port.Arrivals(order.Run, order.WithLatencies))]));
        });
    }
}
