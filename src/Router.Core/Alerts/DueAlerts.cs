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
/// <param name="Unsubscribe">Who knows it may switch its alerts off.</param>
public sealed record AlertReader(Guid Id, string Email, string TimeZone, Guid Unsubscribe);

/// <summary>
/// Alerts that are due. A worker takes one reader's at a time, for as long as sending may last; what it doesn't say of them by then another
/// one sends.
/// </summary>
public sealed class DueAlerts(NpgsqlDataSource database, IOptions<AlertOptions> options, TimeProvider time)
{
    // A mail with more is a list that nobody reads.
    private const int MostInMail = 50;

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromDays(3);

    private sealed record Row(
        Guid Id, string Event, int Attempts, Guid TroubleId, string Kind, Guid? SiteId, string? SiteName, Guid? DestinationId,
        string? DestinationName, string? Product, DateTimeOffset Since, DateTimeOffset? EndedAt, int Leads, string Detail);

    /// <summary>
    /// Accounts that are to be told something and got no mail within <see cref="AlertOptions.BetweenMails"/>. What is for accounts that
    /// want nothing any more is forgotten.
    /// </summary>
    public async Task<List<AlertReader>> Readers(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            """
            delete from alerts l using accounts a
            where a.id = l.account_id and l.sent_at is null and (not a.alerts or a.disabled_at is not null)
            """);
        return (await connection.QueryAsync<AlertReader>(new CommandDefinition(
            """
            select a.id, a.email, a.time_zone, a.unsubscribe from accounts a
            where a.id in (select account_id from alerts where sent_at is null and dropped_at is null and due_at <= @now)
              and not exists (select from alerts l where l.account_id = a.id and l.sent_at > @now - @BetweenMails)
            limit 100
            """, new { now = time.GetUtcNow(), options.Value.BetweenMails }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Takes what is due for this account, or for the webhook: all of it, the oldest first.</summary>
    /// <param name="account">The account; null for the webhook.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Alert>> Take(Guid? account, CancellationToken cancellationToken)
    {
        const string sql = """
            with due as (
                select id from alerts
                where sent_at is null and dropped_at is null and due_at <= @now and account_id is not distinct from @account
                order by due_at, id limit @MostInMail for update skip locked
            ), taken as (
                update alerts l set due_at = @now + @Lease, attempts = attempts + 1 from due where l.id = due.id returning l.*
            )
            select l.id, l.event, l.attempts, t.id as trouble_id, l.kind, t.site_id, s.name as site_name, t.destination_id,
                   x.name as destination_name, t.product, t.since, t.ended_at, t.leads, t.detail
            from taken l join troubles t on t.id = l.trouble_id
            left join sites s on s.id = t.site_id
            left join destinations x on x.id = t.destination_id
            order by l.event = 'cleared', t.since, l.id
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            sql, new { account, now = time.GetUtcNow(), options.Value.Lease, MostInMail }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => new Alert(row.Id, row.Event == "cleared", row.Attempts, new Trouble(
            row.TroubleId, TroubleKinds.Parse(row.Kind), row.SiteId, row.SiteName, row.DestinationId, row.DestinationName, row.Product,
            row.Since, row.EndedAt, row.Leads, row.Detail)))];
    }

    /// <summary>They are told.</summary>
    public async Task Sent(IEnumerable<Alert> alerts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "update alerts set sent_at = @now, error = null where id = any (@ids)",
            new { now = time.GetUtcNow(), ids = alerts.Select(alert => alert.Id).ToArray() }, cancellationToken: cancellationToken));
    }

    /// <summary>They are not; they are due again later, and for three days.</summary>
    /// <param name="alerts">What was tried.</param>
    /// <param name="error">Why: a class and a status, never a text of the other side.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task Failed(IReadOnlyCollection<Alert> alerts, string error, CancellationToken cancellationToken)
    {
        var first = options.Value.RetryAfter;
        var tries = alerts.Max(alert => alert.Attempts) - 1;
        var wait = tries < 10 && first * (1 << tries) < LongestRetry ? first * (1 << tries) : LongestRetry;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update alerts set due_at = @now + @wait, error = @error,
                dropped_at = case when planned_at < @now - @GivenUpAfter then @now end
            where id = any (@ids)
            """,
            new { now = time.GetUtcNow(), wait, error, GivenUpAfter, ids = alerts.Select(alert => alert.Id).ToArray() },
            cancellationToken: cancellationToken));
    }

    /// <summary>How many could not be sent so far, and why the latest couldn't; null when there is nothing of the kind.</summary>
    public async Task<(int Count, string Error)?> Stuck(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (count, error) = await connection.QuerySingleAsync<(int, string?)>(new CommandDefinition(
            """
            select count(*)::int, (array_agg(error order by due_at desc))[1] from alerts
            where sent_at is null and dropped_at is null and error is not null
            """, cancellationToken: cancellationToken));
        return error is null ? null : (count, error);
    }
}
