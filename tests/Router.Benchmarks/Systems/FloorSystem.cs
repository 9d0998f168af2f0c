using System.Globalization;
using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Systems;

/// <summary>The least that a lead can cost in this shape: what the router is compared with.</summary>
internal sealed class FloorSystem : Target
{
    private readonly Child _api;
    private readonly Child _worker;

    private FloorSystem(Child api, Child worker, int port) => (_api, _worker, Port) = (api, worker, port);

    public override string Name => "floor";

    public override int Port { get; }

    public override IReadOnlyList<Sender> Senders { get; } = [new Sender("/", "Basic bm9uZTpub25l")];

    public override IReadOnlyList<MeasuredProcess> Processes => [new("api", _api.Id), new("worker", _worker.Id)];

    public static async Task<FloorSystem> Start(Lab lab, CancellationToken cancellationToken)
    {
        var amqp = await lab.Broker.CreateVirtualHost();
        var port = Lab.FreePort();
        var dll = typeof(FloorSystem).Assembly.Location;
        var api = Child.StartLogged(lab.LogFile("floor-api"), dll, ["floor-api", amqp, port.ToString(CultureInfo.InvariantCulture)]);
        var worker = Child.StartLogged(
            lab.LogFile("floor-worker"), dll, ["floor-worker", amqp, .. lab.Destinations.Select(url => url.AbsoluteUri)]);
        var floor = new FloorSystem(api, worker, port);
        try
        {
            await api.Ready(new Uri($"http://127.0.0.1:{port}"), cancellationToken);
            await lab.WarmUp(floor, cancellationToken);
            return floor;
        }
        catch
        {
            await floor.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _worker.DisposeAsync();
    }
}
