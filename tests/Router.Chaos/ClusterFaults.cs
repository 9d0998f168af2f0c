using System.Collections.Concurrent;
using System.Globalization;

namespace Router.Chaos;

/// <summary>Each fault of a cluster in turn; the next one comes once all is whole again.</summary>
internal sealed class ClusterFaults(Rig rig, BrokerCluster brokers, PatroniPair databases, Action<string> tell)
{
    private static readonly string[] Queues =
        ["lead-events", "lead-events-fresh", "lead-events-large", "lead-retries", "lead-dead-letters"];

    private readonly ConcurrentQueue<PastFault> _past = new();

    public IReadOnlyCollection<PastFault> Past => _past;

    public async Task Run()
    {
        foreach (var node in brokers.Nodes)
            await Make(Fault.NodeKilled, node.Name, node.Kill, node.Start);
        foreach (var (fault, make, mend) in new (Fault, Func<BrokerNode, Task>, Func<BrokerNode, Task>)[]
        {
            (Fault.LeaderKilled, node => node.Kill(), node => node.Start()),
            (Fault.LeaderFrozen, node => node.Freeze(), node => node.Thaw()),
            (Fault.LeaderCutOff, node => node.Cut(), node => node.Mend()),
        })
        {
            var leader = await brokers.Leader(rig.VirtualHost, Queues[0]);
            await Make(fault, leader.Name, () => make(leader), () => mend(leader));
        }

        await Make(Fault.NodesRestarted, "all in turn", () => Task.CompletedTask, RestartAll);
        foreach (var fault in new[] { Fault.PrimaryKilled, Fault.PrimaryFrozen })
        {
            var primary = (await Eventually.Get(databases.Primary, found => found is not null, "there is a primary"))!;
            if (fault is Fault.PrimaryKilled)
                await Make(fault, $"Postgres {primary.Number}", primary.Kill, primary.Start);
            else
                await Make(fault, $"Postgres {primary.Number}", primary.Freeze, primary.Thaw);
        }
    }

    /// <summary>The longest time in which nothing was delivered, from its beginning until all was whole again.</summary>
    public TimeSpan Silence(PastFault fault)
    {
        var moments = rig.Receivers.Arrivals.Where(arrival => arrival.Status == 200).Select(arrival => arrival.At)
            .Where(at => at >= fault.Began && at <= fault.Ended).Order().Prepend(fault.Began).Append(fault.Ended).ToList();
        return moments.Zip(moments.Skip(1), (before, next) => next - before).Max();
    }

    private async Task RestartAll()
    {
        foreach (var node in brokers.Nodes)
        {
            await node.Stop();
            await node.Start();
            await brokers.Whole(rig.VirtualHost, Queues);
        }
    }

    private async Task Make(Fault fault, string victim, Func<Task> make, Func<Task> mend)
    {
        var kind = FaultKind.OfCluster.Single(kind => kind.Fault == fault);
        tell($"{fault} of {victim} for {kind.Short:0} s");
        var began = TimeProvider.System.GetUtcNow();
        await make();
        await Task.Delay(TimeSpan.FromSeconds(kind.Short));
        await mend();
        await brokers.Whole(rig.VirtualHost, Queues);
        await databases.IsWhole();
        var past = new PastFault(kind, victim, began, TimeProvider.System.GetUtcNow());
        _past.Enqueue(past);
        tell(string.Create(CultureInfo.InvariantCulture, $"whole again; {Silence(past).TotalSeconds:0.0} s without a delivery"));
        await Task.Delay(TimeSpan.FromSeconds(3));
    }
}
