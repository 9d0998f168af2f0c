using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;

namespace Router.Chaos;

/// <summary>A fault that happened.</summary>
internal sealed record PastFault(FaultKind Kind, string Victim, DateTimeOffset Began, DateTimeOffset Ended);

/// <summary>Makes what is planned happen, and fixes it.</summary>
internal sealed class Faults(Rig rig, Action<string> tell) : IDisposable
{
    private readonly ConcurrentQueue<PastFault> _past = new();
    private readonly SemaphoreSlim _broker = new(1);
    private readonly SemaphoreSlim _database = new(1);

    public IReadOnlyCollection<PastFault> Past => _past;

    /// <summary>Until the plan ends or, where it has no end, the time is over; returns when everything is fixed.</summary>
    public async Task Run(IEnumerable<PlannedFault> plan, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var running = new List<Task>();
        foreach (var fault in plan)
        {
            if (!fault.Overlaps)
                await Task.WhenAll(running);
            await Task.Delay(fault.Pause);
            if (watch.Elapsed > time)
                break;
            running.Add(Make(fault));
        }

        await Task.WhenAll(running);
    }

    public void Dispose()
    {
        _broker.Dispose();
        _database.Dispose();
    }

    private async Task Make(PlannedFault fault)
    {
        var (victim, make) = Choose(fault);
        tell($"{fault.Kind.Fault} of {victim} for {fault.Lasting.TotalSeconds:0.0} s");
        var began = TimeProvider.System.GetUtcNow();
        await make();
        _past.Enqueue(new PastFault(fault.Kind, victim, began, TimeProvider.System.GetUtcNow()));
    }

    private (string Victim, Func<Task> Make) Choose(PlannedFault fault)
    {
        var worker = rig.Workers[fault.Victim % rig.Workers.Count];
        var host = rig.Hosts.ElementAt(fault.Victim % (rig.Workers.Count + 1));
        var lasting = fault.Lasting;
        var servers = rig.Servers;
        return fault.Kind.Fault switch
        {
            Fault.HostStopped => (host.Name, () => host.Stop(lasting)),
            Fault.ApiKilled => (rig.Api.Name, () => rig.Api.Kill(lasting)),
            Fault.WorkerKilled => (worker.Name, () => worker.Kill(lasting)),
            Fault.ApiFrozen => (rig.Api.Name, () => rig.Api.Freeze(lasting)),
            Fault.WorkerFrozen => (worker.Name, () => worker.Freeze(lasting)),
            Fault.BrokerLineCut => ($"{host.Name} and the broker", () => OnLine(host.BrokerLine.Cut, host.BrokerLine, lasting)),
            Fault.BrokerLineSilent => ($"{host.Name} and the broker", () => OnLine(host.BrokerLine.Silence, host.BrokerLine, lasting)),
            Fault.DatabaseLineCut => ($"{host.Name} and Postgres", () => OnLine(host.DatabaseLine.Cut, host.DatabaseLine, lasting)),
            Fault.DatabaseLineSilent => ($"{host.Name} and Postgres", () => OnLine(host.DatabaseLine.Silence, host.DatabaseLine, lasting)),
            Fault.DatabaseAnswersLost => ($"{host.Name} and Postgres", async () =>
            {
                await OnLine(host.DatabaseLine.Deafen, host.DatabaseLine, lasting);
                await OnLine(host.DatabaseLine.Cut, host.DatabaseLine, TimeSpan.Zero);
            }),
            Fault.BrokerKilled => ("the broker", () => KillBroker(lasting)),
            Fault.DatabaseKilled => ("Postgres", () => KillDatabase(lasting)),
            Fault.BrokerFrozen => ("the broker", () => Alone(_broker, servers.FreezeRabbitMq, lasting, servers.ThawRabbitMq)),
            Fault.DatabaseFrozen => ("Postgres", () => Alone(_database, servers.FreezePostgres, lasting, servers.ThawPostgres)),
            Fault.MemoryAlarm => ("the broker", () => Alone(_broker, servers.RaiseMemoryAlarm, lasting, servers.ClearMemoryAlarm)),
            Fault.DiskAlarm => ("the broker", () => Alone(_broker, servers.RaiseDiskAlarm, lasting, servers.ClearDiskAlarm)),
            Fault.QueuePolicy => ("the queues", () =>
                Alone(_broker, () => BrokersKeeper.Limit(rig, fault.Victim % 2 == 0), lasting, () => BrokersKeeper.Unlimit(rig))),
            Fault.LoginRefused =>
                ("all hosts", () => Alone(_broker, () => BrokersKeeper.LockOut(rig), lasting, () => BrokersKeeper.LetIn(rig))),
            Fault.OversizedMessage =>
                ("lead-events", () => Alone(_broker, () => BrokersKeeper.PutOversized(rig), lasting, () => Task.CompletedTask)),
            Fault.DatabaseReadOnly => ("Postgres", () => Alone(_database, () => SetReadOnly("on"), lasting, () => SetReadOnly("off"))),
            Fault.TableLocked => ("the ledger", () => Alone(_database, () => Task.CompletedTask, TimeSpan.Zero, () => LockLedger(lasting))),
            Fault.EverythingKilled =>
                ("all", () => Task.WhenAll([KillBroker(lasting), KillDatabase(lasting), .. rig.Hosts.Select(each => each.Kill(lasting))])),
            _ => throw new InvalidOperationException($"Nobody knows how to make {fault.Kind.Fault}."),
        };
    }

    private Task KillBroker(TimeSpan lasting) => Alone(_broker, rig.Servers.KillRabbitMq, lasting, rig.Servers.StartRabbitMq);

    private Task KillDatabase(TimeSpan lasting) => Alone(_database, rig.Servers.KillPostgres, lasting, rig.Servers.StartPostgres);

    private async Task SetReadOnly(string value)
    {
        await using var database = await rig.OpenDatabase();
        await database.ExecuteAsync($"alter system set default_transaction_read_only = {value}");
        await database.ExecuteAsync("select pg_reload_conf()");
    }

    private async Task LockLedger(TimeSpan lasting)
    {
        await using var database = await rig.OpenDatabase();
        await using var transaction = await database.BeginTransactionAsync();
        await database.ExecuteAsync("lock table deliveries in access exclusive mode", commandTimeout: 120);
        await Task.Delay(lasting);
    }

    private static async Task OnLine(Action fault, TcpProxy line, TimeSpan lasting)
    {
        fault();
        await Task.Delay(lasting);
        line.Fix();
    }

    // An alarm of a broker that isn't there can't be raised.
    private static async Task Alone(SemaphoreSlim server, Func<Task> fault, TimeSpan lasting, Func<Task> fix)
    {
        await server.WaitAsync();
        try
        {
            await fault();
            await Task.Delay(lasting);
            await fix();
        }
        finally
        {
            server.Release();
        }
    }
}
