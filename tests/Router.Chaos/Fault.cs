namespace Router.Chaos;

/// <summary>What can happen to a router.</summary>
internal enum Fault
{
    /// <summary>By SIGTERM, as for an upgrade.</summary>
    HostStopped,
    ApiKilled,
    WorkerKilled,
    BrokerKilled,
    DatabaseKilled,
    ApiFrozen,
    WorkerFrozen,
    BrokerFrozen,
    DatabaseFrozen,
    BrokerLineCut,
    BrokerLineSilent,
    DatabaseLineCut,
    DatabaseLineSilent,

    /// <summary>Postgres does what it is asked for, and nobody hears of it before the line is cut.</summary>
    DatabaseAnswersLost,
    MemoryAlarm,
    DiskAlarm,

    /// <summary>The broker's keeper limits the queues: five messages in each, or none for longer than half a second.</summary>
    QueuePolicy,

    /// <summary>The broker's keeper takes all rights away from the router, ends its connections, and thinks better of it.</summary>
    LoginRefused,

    /// <summary>Postgres can be read and not written, as a standby.</summary>
    DatabaseReadOnly,

    /// <summary>Somebody locks the ledger.</summary>
    TableLocked,

    /// <summary>A message that nobody can take, straight into the queue.</summary>
    OversizedMessage,

    /// <summary>As when the power fails.</summary>
    EverythingKilled,

    /// <summary>A node of a RabbitMQ cluster, not the one that leads.</summary>
    NodeKilled,
    LeaderKilled,
    LeaderFrozen,

    /// <summary>The leader loses the other two, and they it.</summary>
    LeaderCutOff,

    /// <summary>Each node is stopped and started, one after the other.</summary>
    NodesRestarted,

    /// <summary>The machine of the Postgres primary dies; its standby takes over.</summary>
    PrimaryKilled,

    /// <summary>The machine of the Postgres primary hangs, its standby takes over, and it wakes up again.</summary>
    PrimaryFrozen,
}

/// <summary>How a kind of fault goes.</summary>
/// <param name="Fault">The kind.</param>
/// <param name="Short">Seconds that it lasts where each kind happens once.</param>
/// <param name="Least">The fewest seconds that it lasts otherwise.</param>
/// <param name="Most">The most.</param>
/// <param name="Aftermath">
/// Seconds after its end in which work that it interrupted may still be taken up anew: until the servers' connections are back, or for a
/// silent line until both ends have missed their heartbeats.
/// </param>
internal sealed record FaultKind(Fault Fault, double Short, double Least, double Most, double Aftermath)
{
    /// <summary>Those of a cluster, and how long each lasts.</summary>
    public static readonly IReadOnlyList<FaultKind> OfCluster =
    [
        new(Fault.NodeKilled, 4, 4, 4, 30),
        new(Fault.LeaderKilled, 4, 4, 4, 30),
        new(Fault.LeaderFrozen, 25, 25, 25, 40),
        new(Fault.LeaderCutOff, 15, 15, 15, 30),
        new(Fault.NodesRestarted, 2, 2, 2, 30),
        new(Fault.PrimaryKilled, 40, 40, 40, 40),
        new(Fault.PrimaryFrozen, 40, 40, 40, 60),
    ];

    /// <summary>Those of single servers.</summary>
    public static readonly IReadOnlyList<FaultKind> All =
    [
        new(Fault.HostStopped, 1, 0.1, 5, 5),
        new(Fault.ApiKilled, 1, 0.1, 3, 5),
        new(Fault.WorkerKilled, 1, 0.1, 5, 10),
        new(Fault.BrokerKilled, 1, 0.1, 5, 15),
        new(Fault.DatabaseKilled, 1, 0.1, 5, 15),
        new(Fault.ApiFrozen, 3, 2, 30, 10),
        new(Fault.WorkerFrozen, 10, 8, 60, 15),
        new(Fault.BrokerFrozen, 3, 2, 40, 25),
        new(Fault.DatabaseFrozen, 3, 2, 40, 25),
        new(Fault.BrokerLineCut, 2, 0.2, 10, 15),
        new(Fault.BrokerLineSilent, 8, 5, 40, 25),
        new(Fault.DatabaseLineCut, 1, 0.2, 10, 10),
        new(Fault.DatabaseLineSilent, 3, 2, 40, 25),
        new(Fault.DatabaseAnswersLost, 1, 0.1, 5, 10),
        new(Fault.MemoryAlarm, 3, 2, 15, 10),
        new(Fault.DiskAlarm, 3, 2, 15, 10),
        new(Fault.QueuePolicy, 4, 2, 20, 10),
        new(Fault.LoginRefused, 3, 2, 20, 25),
        new(Fault.DatabaseReadOnly, 3, 1, 15, 10),
        new(Fault.TableLocked, 3, 1, 20, 10),
        new(Fault.OversizedMessage, 0.5, 0.1, 1, 5),
        new(Fault.EverythingKilled, 1, 0.1, 5, 15),
    ];
}

/// <summary>A fault to come.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Pause">Before it, since the one before it began or, unless they overlap, ended.</param>
/// <param name="Lasting">For how long.</param>
/// <param name="Victim">A number that chooses among several that it can happen to.</param>
/// <param name="Overlaps">Whether it doesn't wait for the end of the one before.</param>
internal sealed record PlannedFault(FaultKind Kind, TimeSpan Pause, TimeSpan Lasting, int Victim, bool Overlaps)
{
    /// <summary>Each kind once, in the seed's order; unless it is the short version, then on and on.</summary>
    public static IEnumerable<PlannedFault> Draw(int seed, bool isShort)
    {
        var random = new Random(seed);
        FaultKind[] once = [.. FaultKind.All];
        random.Shuffle(once);
        foreach (var kind in once)
            yield return Draw(random, kind, isShort);
        while (!isShort)
            yield return Draw(random, FaultKind.All[random.Next(FaultKind.All.Count)], isShort);
    }

    // Mostly short ones, now and then a long one.
    private static PlannedFault Draw(Random random, FaultKind kind, bool isShort) => new(
        kind,
        TimeSpan.FromSeconds(isShort ? 0.5 + random.NextDouble() : 1 + 9 * random.NextDouble()),
        TimeSpan.FromSeconds(isShort ? kind.Short : kind.Least + (kind.Most - kind.Least) * Math.Pow(random.NextDouble(), 2)),
        random.Next(1000),
        !isShort && random.Next(4) == 0);
}
