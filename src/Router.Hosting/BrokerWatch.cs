using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>
/// Looks at RabbitMQ every quarter of a minute as a person at its dashboard would: are the queues what they must be, does a policy endanger
/// leads, is there an alarm, does nobody consume, does something lie in an error queue? What it finds is in the log once, in the health
/// check and on the operator's page.
/// </summary>
internal sealed partial class BrokerWatch(ManagementApi management, QueueTopology topology, BrokerNodes nodes,
    IOptions<BrokerOptions> options, TimeProvider time, ILogger<BrokerWatch> logger) : BackgroundService, IHealthCheck
{
    // A worker or a node that is just being restarted is no finding: twice in a row.
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private ImmutableArray<BrokerFinding> _findings = [];

    /// <summary>At the last look.</summary>
    public IReadOnlyList<BrokerFinding> Findings => _findings;

    /// <summary>RabbitMQ's version; null while that can't be seen.</summary>
    public string? Version { get; private set; }

    /// <summary>How many messages its queues held at the last look, those of the router alone.</summary>
    public IReadOnlyList<(string Name, long Messages)> Waiting { get; private set; } = [];

    /// <summary>The error queues that exist. Null while that can't be seen.</summary>
    public IReadOnlyList<string>? ErrorQueues { get; private set; }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = _findings.Where(finding => finding.IsProblem).ToList();
        return Task.FromResult(problems.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join(' ', problems)));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LookInterval, time);
        try
        {
            do
                Tell(await Look(stoppingToken));
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Looks once; a queue that nobody consumes is found at the second look.</summary>
    public async Task<ImmutableArray<BrokerFinding>> Look(CancellationToken cancellationToken)
    {
        var findings = ImmutableArray.CreateBuilder<BrokerFinding>();
        QueuePolicies? policies = null;
        try
        {
            policies = await management.Policies(cancellationToken);
            findings.AddRange(BrokerQueues.All.SelectMany(policies.Dangers));
            var queues = await management.Queues(cancellationToken);
            foreach (var queue in queues.EnumerateArray())
                findings.AddRange(OfQueue(queue));
            Waiting = [.. queues.EnumerateArray()
                .Select(queue => (queue.GetProperty("name").GetString()!, (long)(Number(queue, "messages") ?? 0)))];
            Version ??= await management.Version(cancellationToken);
            ErrorQueues = [.. queues.EnumerateArray().Select(queue => queue.GetProperty("name").GetString()!)
                .Intersect(BrokerQueues.Errors, StringComparer.Ordinal)];
            if (await management.HasAlarm(cancellationToken))
                findings.Add(new("RabbitMQ is short of disk or memory and blocks whoever publishes.",
                    "Give it more; leads wait in the outbox meanwhile."));
        }
#pragma warning disable CA1031 // Whatever it was, a look that fails is told, and the next one comes.
        catch (Exception failed) when (!cancellationToken.IsCancellationRequested)
        {
            (ErrorQueues, Waiting, Version) = (null, [], null);
            findings.Add(new(
                "RabbitMQ's policies and alarms can't be seen: its management API at "
                + $"{management.Address} doesn't answer ({failed.GetType().Name}).",
                "Set RabbitMq:ManagementUri, and give the router's user the tag management.", FindingWeight.Notice));
        }
#pragma warning restore CA1031

        foreach (var queue in BrokerQueues.All)
        {
            if (topology.Lacking(queue).Where(argument => policies?.Supplies(queue, argument) != true).ToList() is { Count: > 0 } lacking)
            {
                findings.Add(new(
                    $"The queue {queue} was made without {string.Join(", ", lacking)}: RabbitMQ may drop leads from it.",
                    "Set a policy that supplies it (docs/operators.md has the command), "
                    + "or stop all hosts while it is empty and delete it: it is made anew."));
            }
        }

        return findings.ToImmutable();
    }

    private IEnumerable<BrokerFinding> OfQueue(JsonElement queue)
    {
        var name = queue.GetProperty("name").GetString()!;
        if (BrokerQueues.All.Contains(name, StringComparer.Ordinal))
        {
            if (Text(queue, "state") is "down" or "minority" or "crashed" or "terminated" or "stopped")
                yield return new($"The queue {name} is {Text(queue, "state")}.", "Bring the RabbitMQ nodes back that hold it.");
            if (Text(queue, "type") is { } type && type != "quorum")
                yield return new($"The queue {name} is a {type} queue, and what is in it doesn't survive the loss of a node.",
                    "Stop the hosts, empty it, delete it, and start them: it is made anew.");
            if (QueueCopies.Lack(queue, nodes.Address.Nodes.Count) is var lack && Persists($"{name} lacks a copy", lack is not null))
                yield return lack!;
        }

        if (Persists($"{name} isn't consumed",
            BrokerQueues.Consumed.Contains(name, StringComparer.Ordinal) && Number(queue, "consumers") is 0))
            yield return new($"Nobody takes messages from {name}.", "Start a worker, or look at the log of those that run.");
    }

    private bool Persists(string what, bool isSo)
    {
        if (isSo)
            return !_seen.Add(what);
        _seen.Remove(what);
        return false;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static int? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : null;

    private void Tell(ImmutableArray<BrokerFinding> findings)
    {
        foreach (var finding in findings.Except(_findings))
        {
            if (finding.Weight is FindingWeight.Danger)
                LogFound(logger, finding.What, finding.Fix);
            else
                LogLesser(logger, finding.What, finding.Fix);
        }

        foreach (var gone in _findings.Except(findings))
            LogOver(logger, gone.What);
        _findings = findings;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{What} {Fix}")]
    private static partial void LogFound(ILogger logger, string what, string fix);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What} {Fix}")]
    private static partial void LogLesser(ILogger logger, string what, string fix);

    [LoggerMessage(Level = LogLevel.Information, Message = "No longer so: {What}")]
    private static partial void LogOver(ILogger logger, string what);
}
