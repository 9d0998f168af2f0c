using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Router.Core.Alerts;

/// <summary>What is to be told, and what people read about it.</summary>
/// <param name="Id">The alert.</param>
/// <param name="IsCleared">Whether it says that the trouble is over.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
/// <param name="Trouble">The trouble, of the kind that it was when the alert was planned.</param>
public sealed record Alert(Guid Id, bool IsCleared, int Attempts, Trouble Trouble);

/// <summary>Whom a mail goes to.</summary>
/// <param name="Id">The account.</param>
/// <param name="Email">Its address.</param>
/// <param name="TimeZone">In which it reads times.</param>
/// <param name="QuietFrom">When its quiet hours begin; null when there are none.</param>
/// <param name="QuietUntil">When they end.</param>
/// <param name="Unsubscribe">Who knows it may switch its alerts off.</param>
public sealed record AlertReader(Guid Id, string Email, string TimeZone, TimeOnly? QuietFrom, TimeOnly? QuietUntil, Guid Unsubscribe)
{
    /// <summary>Its time zone; UTC where this machine doesn't know it.</summary>
    public TimeZoneInfo Zone => TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var known) ? known : TimeZoneInfo.Utc;

    /// <summary>Never the address.</summary>
    public override string ToString() => nameof(AlertReader);
}

/// <summary>
/// Alerts that are due. A worker takes one reader's at a time, for as long as sending may last; what it doesn't say of them by then another
/// one sends.
/// </summary>
public sealed class DueAlerts(NpgsqlDataSource database, IOptions<AlertOptions> options, TimeProvider time)
{
    /// <summary>How long an alert is tried.</summary>
    public static readonly TimeSpan TriedFor = TimeSpan.FromDays(3);

    // What one mail may say. What is beyond it comes with the next one.
    private const int MostTaken = 5_000;

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(15);

    private sealed record Row(
        Guid Id, string Event, int Attempts, Guid TroubleId, string Kind, Guid? SiteId, string? SiteName, Guid? DestinationId,
        string? DestinationName, string? Product, DateTimeOffset Since, DateTimeOffset? EndedAt, int Count, string Detail);

    /// <summary>
    /// Drops what could not be sent for three days or is over, and what is for accounts that want no alerts any more or may not see the
    /// site any more.
    /// </summary>
    public async Task DropStale(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update alerts l set dropped_at = @now
            from alerts d join troubles t on t.id = d.trouble_id left join accounts a on a.id = d.account_id
            where l.id = d.id and d.sent_at is null and d.dropped_at is null
              and (d.planned_at < @now - @TriedFor
                   -- The all-clear says it, to whom it is to be said; what a worker is sending is due later.
                   or d.event = 'raised' and t.ended_at is not null and d.due_at <= @now
                   or not a.alerts or a.disabled_at is not null
                   or a.role <> 'operator' and not exists (
                       select from account_sites s where s.account_id = a.id and s.site_id = t.site_id))
            """, new { now = time.GetUtcNow(), TriedFor }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Accounts that are to be told something, whose quiet hours it isn't, and that got no mail within
    /// <see cref="AlertOptions.BetweenMails"/>.
    /// </summary>
    public async Task<List<AlertReader>> Readers(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var readers = await connection.QueryAsync<AlertReader>(new CommandDefinition(
            """
            select a.id, a.email, coalesce(a.time_zone, 'Etc/UTC') as time_zone, a.quiet_from, a.quiet_until, a.unsubscribe from accounts a
            where a.id in (select account_id from alerts where sent_at is null and dropped_at is null and due_at <= @now)
              and not exists (select from alerts l where l.account_id = a.id and l.sent_at > @now - @BetweenMails)
            """, new { now, options.Value.BetweenMails }, cancellationToken: cancellationToken));
        return [.. readers.Where(reader => QuietHours.NotBefore(now, reader.Zone, reader.QuietFrom, reader.QuietUntil) <= now)];
    }

    /// <summary>Takes what is due for this account: all of it, and nothing when another worker has just sent it a mail.</summary>
    public Task<IReadOnlyList<Alert>> Take(AlertReader reader, CancellationToken cancellationToken) => Take(
        "account_id = @account and not exists (select from alerts l where l.account_id = @account and l.sent_at > @now - @BetweenMails)",
        reader.Id, MostTaken, cancellationToken);

    /// <summary>Takes the next one that is due for the webhook; null when there is none.</summary>
    public async Task<Alert?> TakeForWebhook(CancellationToken cancellationToken) =>
        await Take("account_id is null", account: null, most: 1, cancellationToken) is [var next] ? next : null;

    private async Task<IReadOnlyList<Alert>> Take(string whose, Guid? account, int most, CancellationToken cancellationToken)
    {
        var sql = $"""
            with due as (
                select id from alerts
                where sent_at is null and dropped_at is null and due_at <= @now and {whose}
                order by due_at, id limit @most for update skip locked
            ), taken as (
                update alerts l set due_at = @now + @Lease, attempts = attempts + 1 from due where l.id = due.id returning l.*
            )
            select l.id, l.event, l.attempts, t.id as trouble_id, l.kind, t.site_id, s.name as site_name, t.destination_id,
                   x.name as destination_name, t.product, t.since, t.ended_at, t.count, t.detail
            from taken l join troubles t on t.id = l.trouble_id
            left join sites s on s.id = t.site_id
            left join destinations x on x.id = t.destination_id
            order by l.event = 'cleared', t.since, l.id
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            sql, new { account, now = time.GetUtcNow(), options.Value.Lease, options.Value.BetweenMails, most },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => new Alert(row.Id, row.Event == "cleared", row.Attempts, new Trouble(
            row.TroubleId, TroubleKinds.Parse(row.Kind), row.SiteId, row.SiteName, row.DestinationId, row.DestinationName, row.Product,
            row.Since, row.EndedAt, row.Count, row.Detail)))];
    }

    /// <summary>They are told. Also said while the worker stops: what was sent must not be sent again.</summary>
    public async Task Sent(params IReadOnlyCollection<Alert> alerts)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "update alerts set sent_at = @now, error = null where id = any (@ids)",
            new { now = time.GetUtcNow(), ids = alerts.Select(alert => alert.Id).ToArray() });
    }

    /// <summary>They are not; they are due again later.</summary>
    /// <param name="error">Why: a class and a status, never a text of the other side.</param>
    /// <param name="alerts">What was tried.</param>
    public async Task Failed(string error, params IReadOnlyCollection<Alert> alerts)
    {
        var first = options.Value.RetryAfter;
        var tries = alerts.Max(alert => alert.Attempts) - 1;
        var wait = tries < 10 && first * (1 << tries) < LongestRetry ? first * (1 << tries) : LongestRetry;
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "update alerts set due_at = @now + @wait, error = @error where id = any (@ids)",
            new { now = time.GetUtcNow(), wait, error, ids = alerts.Select(alert => alert.Id).ToArray() });
    }

    /// <summary>How many could not be sent so far, and why the latest couldn't; null when there is nothing of the kind.</summary>
    public async Task<(int Count, string Error)?> Stuck(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (count, error) = await connection.QuerySingleAsync<(int, string?)>(new CommandDefinition(
            """
            select count(*)::int, (array_agg(error order by due_at desc))[1] from alerts
            where sent_at is null and dropped_at is null and error is not null and planned_at > @now - @TriedFor
            """, new { now = time.GetUtcNow(), TriedFor }, cancellationToken: cancellationToken));
        return error is null ? null : (count, error);
    }
}
