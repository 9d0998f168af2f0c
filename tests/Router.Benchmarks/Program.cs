using System.Globalization;
using Router.Benchmarks;
using Router.Benchmarks.Floor;
using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;
using Router.Benchmarks.Receiving;

// One program, several processes: `run` starts itself again as each of the others, so that the costs of each can be told apart.
switch (args)
{
    case ["run", .. var rest]:
        return await Run.All(rest);
    case ["drive"]:
        await Orders.Serve<DriveOrder, DriveResult>(order => new Drive(order).Run());
        return 0;
    case ["receive", var ports]:
        await Receiver.Serve(int.Parse(ports, CultureInfo.InvariantCulture));
        return 0;
    case ["floor-api", var amqp, var port]:
        await FloorApi.Serve(new Uri(amqp), int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case ["floor-worker", var amqp, .. var destinations]:
        await FloorWorker.Serve(new Uri(amqp), [.. destinations.Select(url => new Uri(url))]);
        return 0;
    default:
        Console.Error.WriteLine("Use tests/bench.sh.");
        return 1;
}
