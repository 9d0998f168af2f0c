using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Mail;

namespace Router.Core.Alerts;

/// <summary>Who is told of a trouble, and when: the operators and the site's owners, and the operators' webhook.</summary>
internal sealed class PlannedAlerts(OutgoingMail mail, IOptions<AlertOptions> options)
{
    private sealed record Recipient(Guid Id, string TimeZone, TimeOnly? QuietFrom, TimeOnly? QuietUntil);

    /// <summary>Plans an alert of each trouble for everybody who wants it; what is still to be sent of it is replaced.</summary>
    public async Task Raise(NpgsqlConnection connection, IReadOnlyCollection<(Guid Id, FoundTrouble Trouble)> troubles, DateTimeOffset now)
    {
        foreach (var (id, trouble) in troubles)
        {
            await connection.ExecuteAsync("delete from alerts where trouble_id = @id and sent_at is null", new { id });
            if (options.Value.WebhookUrl is not null)
                await Add(connection, id, account: null, trouble, now, now);
            if (!mail.IsSet)
                continue;

            foreach (var recipient in await Recipients(connection, trouble.SiteId))
            {
                var zone = TimeZoneInfo.TryFindSystemTimeZoneById(recipient.TimeZone, out var known) ? known : TimeZoneInfo.Utc;
                await Add(connection, id, recipient.Id, trouble, now,
                    QuietHours.NotBefore(now, zone, recipient.QuietFrom, recipient.QuietUntil));
            }
        }
    }

    /// <summary>
    /// Plans the all-clear for those who were told; whoever wasn't yet need not be. A person who has switched the destination off, paused
    /// or deleted it knows: for them there is none.
    /// </summary>
    public static async Task Clear(NpgsqlConnection connection, Guid[] ended, DateTimeOffset now)
    {
        await connection.ExecuteAsync("delete from alerts where trouble_id = any (@ended) and sent_at is null", new { ended });
        await connection.ExecuteAsync(
            """
            insert into alerts (id, trouble_id, account_id, event, kind, planned_at, due_at)
            select gen_random_uuid(), t.id, told.account_id, 'cleared', t.kind, @now, @now
            from troubles t
            left join destinations x on x.id = t.destination_id
            cross join lateral (select distinct account_id from alerts where trouble_id = t.id and sent_at is not null) told
            where t.id = any (@ended) and (x.id is null or x.active and x.paused_by is distinct from 'owner')
            """, new { ended, now });
    }

    private static async Task<IEnumerable<Recipient>> Recipients(NpgsqlConnection connection, Guid? site) =>
        await connection.QueryAsync<Recipient>(
            """
            select a.id, a.time_zone, a.quiet_from, a.quiet_until from accounts a
            where a.alerts and a.disabled_at is null and a.password_hash is not null
              and (a.role = 'operator' or exists (select from account_sites s where s.account_id = a.id and s.site_id = @site))
            """, new { site });

    private static async Task Add(
        NpgsqlConnection connection, Guid trouble, Guid? account, FoundTrouble found, DateTimeOffset now, DateTimeOffset dueAt) =>
        await connection.ExecuteAsync(
            """
            insert into alerts (id, trouble_id, account_id, event, kind, planned_at, due_at)
            values (@id, @trouble, @account, 'raised', @kind, @now, @dueAt)
            """, new { id = Guid.CreateVersion7(now), trouble, account, kind = found.Kind.Text(), now, dueAt });
}
