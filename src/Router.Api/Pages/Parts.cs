using Dapper;
using Npgsql;
using Router.Core.Duties;
using Router.Core.Intake;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Pages;

/// <summary>A part of the router, and what it says about itself.</summary>
/// <param name="Name">The part, with its version or how many there are of it.</param>
/// <param name="State">How it is, in a word or two.</param>
/// <param name="IsWell">Whether it needs nobody.</param>
/// <param name="Says">What it says.</param>
/// <param name="Since">Since when it runs, or when what waits began to; null where nobody knows.</param>
internal sealed record Part(string Name, string State, bool IsWell, string Says, DateTimeOffset? Since);

/// <summary>The hosts, RabbitMQ, Postgres and the places where messages wait: one line for each.</summary>
internal sealed class Parts(NpgsqlDataSource database, BrokerWatch watch, TimeProvider time)
{
    /// <summary>All of them.</summary>
    /// <param name="duties">What hosts last reported.</param>
    /// <param name="outbox">What waits for RabbitMQ.</param>
    /// <param name="setAside">What waits for an operator.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Part>> List(
        IReadOnlyList<DutyReport> duties, WaitingInOutbox outbox, IReadOnlyList<SetAsideCount> setAside,
        CancellationToken cancellationToken) =>
    [
        Hosts("Router.Api", "takes leads", duties), Hosts("Router.Worker", "delivers them", duties), RabbitMq(),
        await Postgres(duties, cancellationToken), Duties(duties), Outbox(outbox), SetAside(setAside),
    ];

    private static Part Outbox(WaitingInOutbox outbox) =>
        outbox.Count == 0 ? new Part("Outbox", "empty", IsWell: true, "RabbitMQ confirms what comes in", Since: null)
            : new Part("Outbox", Amount.Of(outbox.Count, "message waits", "messages wait"), IsWell: false, "until RabbitMQ takes them",
                outbox.Since);

    private static Part SetAside(IReadOnlyList<SetAsideCount> setAside) =>
        setAside.Count == 0 ? new Part("Set aside", "nothing", IsWell: true, "no message needs a person", Since: null)
            : new Part("Set aside", Amount.Of(setAside.Sum(row => row.Count), "message", "messages"), IsWell: false,
                "to be sent again, corrected or deleted", setAside.Min(row => row.Since));

    private static Part Hosts(string program, string does, IReadOnlyList<DutyReport> duties)
    {
        var hosts = duties.Where(report => report.Program == program).GroupBy(report => (report.Host, report.ProcessId))
            .Select(host => (host.Key.Host, host.First().StartedAt, host.First().IsSilent)).ToList();
        var running = hosts.FindAll(host => !host.IsSilent);
        if (running.Count == 0)
            return new Part(program, "none runs", IsWell: false, "start one, or look at its log", Since: null);

        var silent = hosts.Count - running.Count;
        var machines = running.Select(host => host.Host).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new Part(
            $"{program} × {running.Count}", silent == 0 ? "running" : $"{silent} silent", silent == 0,
            $"{does}, on {string.Join(", ", machines)}", running.Min(host => host.StartedAt));
    }

    private Part RabbitMq()
    {
        var name = watch.Version is { } version ? $"RabbitMQ {version}" : "RabbitMQ";
        var waiting = watch.Waiting.Where(queue => queue.Messages > 0).ToList();
        var says = waiting.Count == 0 ? "no message waits in its queues"
            : string.Join(" · ", waiting.Select(queue => $"{queue.Name} {Amount.Count(queue.Messages)}"));
        var problems = watch.Findings.Count(finding => finding.IsProblem);
        return problems > 0 ? new Part(name, "needs attention", IsWell: false, $"{says} · what is wrong is listed above", Since: null)
            : watch.Findings.Count > 0 ? new Part(name, "can't be looked at", IsWell: false, watch.Findings[0].Fix, Since: null)
            : new Part(name, "no alarm", IsWell: true, $"{says} · no policy endangers leads", Since: null);
    }

    /// <summary>Each host writes every ten seconds: so the latest report is the age of the last write.</summary>
    private async Task<Part> Postgres(IReadOnlyList<DutyReport> duties, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (since, standbys) = await connection.QuerySingleAsync<(DateTimeOffset, int)>(new CommandDefinition(
            "select pg_postmaster_start_time(), (select count(*)::int from pg_stat_replication)", cancellationToken: cancellationToken));
        var version = connection.PostgreSqlVersion;
        var age = duties.Count == 0 ? (TimeSpan?)null : time.GetUtcNow() - duties.Max(report => report.ReportedAt);
        return new Part(
            $"Postgres {version.Major}.{version.Minor}",
            age is { } known ? $"written {Amount.Duration(known > TimeSpan.Zero ? known : TimeSpan.Zero)} ago" : "nothing written yet",
            age < TimeSpan.FromMinutes(1),
            standbys == 0 ? "no standby" : Amount.Of(standbys, "standby follows", "standbys follow"), since);
    }

    private static Part Duties(IReadOnlyList<DutyReport> duties)
    {
        var late = duties.Where(report => report is { IsLate: true, IsSilent: false }).Select(report => report.Duty)
            .Distinct(StringComparer.Ordinal).ToList();
        var kinds = duties.Select(report => report.Duty).Distinct(StringComparer.Ordinal).Count();
        return late.Count == 0 ? new Part("Duties", "all in time", IsWell: true, $"{kinds} kinds of periodic work", Since: null)
            : new Part("Duties", $"{late.Count} late", IsWell: false, string.Join(", ", late), Since: null);
    }
}
