using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Mail;

namespace Router.Core.Alerts;

/// <summary>Who is told of a trouble: the operators, the site's owners, and the operators' webhook.</summary>
internal sealed class PlannedAlerts(OutgoingMail mail, IOptions<AlertOptions> options)
{
    /// <summary>Whether anything shows that it is over: what happened since it began.</summary>
    private const string IsWell = """
        case t.kind
            when 'silent' then exists (
                select from lead_events e
                where e.site_id = t.site_id and e.action = 'created' and e.test is null and e.product <> '' and e.accepted_at > t.since)
            when 'switched_off' then x.active
            when 'certificate_expiring' then x.active
                and (x.certificate_expires_at is null or x.certificate_expires_at > now() + interval '30 days')
            when 'given_up' then x.active and not exists (
                select from deliveries d where d.destination_id = t.destination_id and d.state = 'dead' and not d.is_test)
            when 'product_refused' then true
            when 'outbox_waiting' then true
            when 'set_aside' then true
            else x.active and x.paused_by is distinct from 'owner' and exists (
                select from (
                    select d.state, coalesce(d.delivered_at, d.finished_at) as at from deliveries d
                    where d.destination_id = t.destination_id and not d.is_test and d.accepted_at > t.since - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit 2000) d
                where d.state = 'delivered' and d.at > t.since)
        end
        """;

    /// <summary>Plans an alert of each of these for everybody who wants it; what nobody has begun to send of it is replaced.</summary>
    public async Task Raise(NpgsqlConnection connection, Guid[] troubles, DateTimeOffset now)
    {
        if (troubles.Length == 0)
            return;

        await connection.ExecuteAsync(
            "delete from alerts where trouble_id = any (@troubles) and sent_at is null and attempts = 0", new { troubles });
        if (options.Value.WebhookUrl is not null)
            await connection.ExecuteAsync(
                """
                insert into alerts (trouble_id, event, kind, planned_at, due_at)
                select id, 'raised', kind, @now, @now from troubles where id = any (@troubles)
                """, new { troubles, now });
        if (mail.IsSet)
            await connection.ExecuteAsync(
                """
                insert into alerts (trouble_id, account_id, event, kind, planned_at, due_at)
                select t.id, a.id, 'raised', t.kind, @now, @now
                from troubles t join accounts a
                  on a.role = 'operator' or a.id in (select s.account_id from account_sites s where s.site_id = t.site_id)
                where t.id = any (@troubles) and a.alerts and a.disabled_at is null
                  and (a.password_hash is not null or exists (select from account_logins l where l.account_id = a.id))
                """, new { troubles, now });
    }

    /// <summary>
    /// Plans the all-clear for those who were told, or may have been, and forgets what is still to be sent to others. There is none where
    /// nothing shows that all is well: it has only grown too old to be found, or a person has switched the destination off, paused or
    /// deleted it.
    /// </summary>
    public static async Task Clear(NpgsqlConnection connection, Guid[] ended, DateTimeOffset now)
    {
        if (ended.Length == 0)
            return;

        await connection.ExecuteAsync(
            $"""
            with cleared as (
                insert into alerts (trouble_id, account_id, event, kind, planned_at, due_at)
                select t.id, told.account_id, 'cleared', t.kind, @now, @now
                from troubles t
                left join destinations x on x.id = t.destination_id
                cross join lateral (
                    select distinct account_id from alerts where trouble_id = t.id and (sent_at is not null or attempts > 0)) told
                where t.id = any (@ended) and {IsWell}
                returning trouble_id, account_id)
            delete from alerts a
            where a.trouble_id = any (@ended) and a.sent_at is null
              and (a.attempts = 0 or not exists (select from cleared c where c.trouble_id = a.trouble_id))
            """, new { ended, now });
    }
}
