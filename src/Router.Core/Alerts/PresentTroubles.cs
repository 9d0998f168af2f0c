using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.Destinations;

namespace Router.Core.Alerts;

/// <summary>Finds what needs a person just now, at a cost that goes by what is in trouble: every half minute.</summary>
internal sealed class PresentTroubles(
    NpgsqlDataSource database, IOptions<AlertOptions> alerts, IOptions<DeliveryOptions> delivery, TimeProvider time)
{
    /// <summary>What it looks for.</summary>
    public static readonly IReadOnlySet<TroubleKind> Kinds = new HashSet<TroubleKind>
    {
        TroubleKind.Failing, TroubleKind.OnHold, TroubleKind.SwitchedOff, TroubleKind.CertificateExpiring, TroubleKind.GivenUp,
        TroubleKind.ProductRefused, TroubleKind.OutboxWaiting, TroubleKind.SetAside,
    };

    /// <summary>Counts end one above this: for whoever is told, there is no difference beyond.</summary>
    public const int MostCounted = 1_000;

    // When so many are in trouble at once, what is wrong is this machine or its network.
    private const int Most = 20_000;

    private const int Seconds = 60;

    // A restart of RabbitMQ takes less.
    private static readonly TimeSpan OutboxPatience = TimeSpan.FromMinutes(2);

    private sealed record Row(
        Guid Id, Guid SiteId, string Kind, DateTimeOffset? PausedAt, PauseOwner? PausedBy, string? PauseReason,
        DateTimeOffset? FailingSince,
        int Waiting, DateTimeOffset? Oldest, int Dead, bool IsMortal, int? Status, string? Error);

    /// <summary>All of it; null when there is more than anybody could be told, and what isn't found may be there all the same.</summary>
    public async Task<List<FoundTrouble>?> Find(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await Destinations(connection, cancellationToken);
        if (rows.Count == Most)
            return null;

        var found = new List<FoundTrouble>();
        foreach (var row in rows)
        {
            if (Failure(row, now) is { } failure)
                found.Add(failure);
            if (row.Dead > 0)
                found.Add(FoundTrouble.OfDestination(
                    TroubleKind.GivenUp, row.SiteId, row.Id, since: null, row.Dead,
                    row.IsMortal ? "They had not arrived by the end of the schedule, or of the time after which its leads are given up."
                        : "Every try failed, to the end of the schedule."));
        }

        found.AddRange(await SwitchedOff(connection, cancellationToken));
        found.AddRange(await Expiring(connection, now, cancellationToken));
        found.AddRange(await Refused(connection, cancellationToken));
        if (await Waiting(connection, "lead_outbox", "kept_at", "id", cancellationToken) is { Count: > 0 } outbox)
            found.Add(OfTheRouter(TroubleKind.OutboxWaiting, outbox, now - outbox.Since >= OutboxPatience));
        const string undecided = "set_aside where message is not null";
        if (await Waiting(connection, undecided, "set_aside_at", "set_aside_at, id", cancellationToken) is { Count: > 0 } aside)
            found.Add(OfTheRouter(TroubleKind.SetAside, aside, isWorthTelling: true));
        return found;
    }

    private FoundTrouble? Failure(Row row, DateTimeOffset now)
    {
        // A person who pauses a destination knows.
        if (row.PausedBy is PauseOwner.Owner)
            return null;

        var why = row.Status is null && row.Error is null ? row.PauseReason ?? "" : Advice.Summary(row.Status, row.Error);
        var since = row.FailingSince ?? row.Oldest ?? row.PausedAt;
        if (row.PausedAt is not null)
            return FoundTrouble.OfDestination(TroubleKind.OnHold, row.SiteId, row.Id, since, row.Waiting, why);
        if (row.Waiting == 0)
            return null;

        // One that answers now and then, and falls behind, is in trouble too.
        var patience = row.Kind == "lead_manager" ? delivery.Value.LateAfter : alerts.Value.AfterTime;
        var isBehind = now - row.Oldest >= patience;
        if (row.FailingSince is null && !isBehind)
            return null;

        return FoundTrouble.OfDestination(
            TroubleKind.Failing, row.SiteId, row.Id, since, row.Waiting,
            row.FailingSince is null && !AttemptErrorWords.OfProxyItself.Contains(row.Error)
                ? "some get through, others wait for too long" : why,
            isBehind || now - row.FailingSince >= patience || (row.Kind != "lead_manager" && row.Waiting >= alerts.Value.AfterLeads));
    }

    /// <summary>Walks from destination to destination with something waiting or given up, by steps in partial indexes.</summary>
    private static async Task<List<Row>> Destinations(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = $"""
            with recursive {WaitingDestinations.Retrying},
            dead (id) as (
                (select destination_id from deliveries where state = 'dead' order by destination_id limit 1)
                union all
                select (select destination_id from deliveries
                        where state = 'dead' and destination_id > dead.id order by destination_id limit 1)
                from dead where dead.id is not null
            ),
            {DestinationPauses.Holding}
            select x.id, x.site_id, x.kind, x.paused_at, x.paused_by, x.pause_reason, f.since as failing_since,
                   waits.count + holds.count as waiting, least(waits.oldest, holds.oldest) as oldest,
                   given_up.count as dead, x.time_to_live is not null as is_mortal,
                   latest.status, latest.error
            from destinations x
            left join destination_failures f on f.destination_id = x.id
            cross join lateral (
                select count(*)::int as count, min(accepted_at) as oldest from (
                    select d.accepted_at from deliveries d
                    where d.destination_id = x.id and d.state = 'retrying' and not d.is_test and d.delivered_at is null
                      -- Whoever limits the pace, or wants nothing at night, wants the rest to wait.
                      and (x.quiet_hours is null and (x.max_per_second is null or f.since is not null)
                           or d.attempt is not null and d.next_attempt_at > now())
                    limit @MostCounted + 1) d
            ) waits
            cross join lateral (
                select count(*)::int as count, min(accepted_at) as oldest from (
                    select d.accepted_at from deliveries d where d.destination_id = x.id and {LeadOrder.IsHeldForDestination}
                      and (x.quiet_hours is null or x.paused_at is not null)
                    order by d.accepted_at limit @MostCounted + 1) d
            ) holds
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d where d.destination_id = x.id and d.state = 'dead' and not d.is_test
                      and d.accepted_at > now() - interval '30 days'
                    limit @MostCounted + 1) d
            ) given_up
            left join lateral (
                -- Each by its own partial index; one look for both would read the whole ledger of the destination.
                select * from (
                    (select d.status::int as status, d.error from deliveries d
                     where d.destination_id = x.id and d.state = 'retrying' and (d.status is not null or d.error is not null) limit 1)
                    union all
                    (select n.status::int, n.error from (
                        select d.status, d.error from deliveries d
                        where d.destination_id = x.id and d.state = 'held' order by d.accepted_at limit 1000) n
                     where n.status is not null or n.error is not null limit 1)) n
                limit 1
            ) latest on true
            where x.active
              and (x.paused_by = 'router' or x.id in (
                  select id from waiting union select id from dead union select id from holding))
            order by x.id limit @Most
            """;
        return (await connection.QueryAsync<Row>(new CommandDefinition(
            sql, new { MostCounted, Most }, commandTimeout: Seconds, cancellationToken: cancellationToken))).AsList();
    }

    private static FoundTrouble OfTheRouter(TroubleKind kind, (int Count, DateTimeOffset? Since) waiting, bool isWorthTelling) => new(
        kind.Text(), kind, SiteId: null, DestinationId: null, Product: null, waiting.Since, waiting.Count, Detail: "", isWorthTelling);

    private static async Task<(int Count, DateTimeOffset? Since)> Waiting(
        NpgsqlConnection connection, string table, string since, string order, CancellationToken cancellationToken) =>
        await connection.QuerySingleAsync<(int, DateTimeOffset?)>(new CommandDefinition(
            $"""
            select (select count(*)::int from (select from {table} limit @MostCounted + 1) counted) as count,
                   (select {since} from {table} order by {order} limit 1) as since
            """, new { MostCounted }, commandTimeout: Seconds, cancellationToken: cancellationToken));

    private static async Task<IEnumerable<FoundTrouble>> SwitchedOff(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(Guid Id, Guid SiteId, string Reason)>(new CommandDefinition(
            "select id, site_id, inactive_reason from destinations where not active and inactive_reason is not null and deleted_at is null",
            cancellationToken: cancellationToken)))
        .Select(row => FoundTrouble.OfDestination(TroubleKind.SwitchedOff, row.SiteId, row.Id, since: null, count: 0, row.Reason));

    private static async Task<IEnumerable<FoundTrouble>> Expiring(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(Guid Id, Guid SiteId, DateTimeOffset ExpiresAt, string Sha256)>(new CommandDefinition(
            """
            select id, site_id, certificate_expires_at, certificate_sha256 from destinations
            where certificate_expires_at < @until and active
            """, new { until = now + ClientCertificate.Notice }, cancellationToken: cancellationToken)))
        .Select(row => FoundTrouble.OfDestination(
            TroubleKind.CertificateExpiring, row.SiteId, row.Id, row.ExpiresAt - ClientCertificate.Notice, count: 0,
            string.Create(
                CultureInfo.InvariantCulture,
                $"its last {ClientCertificate.Notice.Days} days have begun; "
                + $"it is valid until {row.ExpiresAt.UtcDateTime:d MMMM yyyy, HH:mm} UTC"))
            // Another certificate that expires soon is another trouble.
            with { Subject = $"{TroubleKind.CertificateExpiring.Text()}:{row.Id:D}:{row.Sha256}" });

    /// <summary>
    /// Only of products that have had leads accepted: while somebody builds one, refusals are nothing to be woken for.
    /// </summary>
    private async Task<IEnumerable<FoundTrouble>> Refused(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select r.product, r.since, r.count, r.reason
            from (
                select product, min(hour) as since, sum(count)::int as count, (array_agg(reason order by count desc, reason))[1] as reason
                from refused_requests
                where hour >= date_trunc('hour', now() - interval '1 hour', 'UTC') and status in (400, 413, 415, 422)
                group by product having sum(count) >= @AfterRefused
            ) r
            where exists (
                select from (select site_id from product_sites where product = r.product limit 200) p
                cross join lateral (
                    select from (
                        select e.product from lead_events e
                        where e.site_id = p.site_id and e.test is null and e.product <> '' and e.accepted_at > now() - interval '28 days'
                        order by e.accepted_at desc limit 100) e
                    where e.product = r.product limit 1) e)
            """;
        var rows = await connection.QueryAsync<(string Product, DateTimeOffset Since, int Count, string Reason)>(
            new CommandDefinition(sql, new { alerts.Value.AfterRefused }, commandTimeout: Seconds, cancellationToken: cancellationToken));
        return rows.Select(row => new FoundTrouble(
            $"product:{row.Product}", TroubleKind.ProductRefused, SiteId: null, DestinationId: null, row.Product, row.Since, row.Count,
            row.Reason, IsWorthTelling: true));
    }
}
