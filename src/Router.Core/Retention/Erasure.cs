using Dapper;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.Search;

namespace Router.Core.Retention;

/// <summary>What an erasure came to.</summary>
/// <param name="Events">Events whose contents and lead id are erased now.</param>
/// <param name="Canceled">Deliveries of them that waited and are canceled.</param>
public sealed record Erased(int Events, int Canceled);

/// <summary>
/// Erases leads on request, in the caller's transaction: contents, answers and the lead's id go, rows stay, and so does what they
/// add up to. What waits is canceled; a request that is under way can't be called back.
/// </summary>
public static class Erasure
{
    /// <summary>What stands in the place of a lead's id.</summary>
    public const string Placeholder = "erased";

    /// <summary>Events of a site that <see cref="Site"/> takes at once.</summary>
    public const int Most = 10_000;

    /// <summary>All that is kept of a lead.</summary>
    /// <exception cref="PostgresException">Retention is copying a day just now (55P03); try again in a few minutes.</exception>
    public static async Task<Erased> Lead(NpgsqlConnection connection, Guid siteId, Guid leadId, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from set_aside where site_id = @siteId and lead_id = @leadId;
            delete from refused_leads where site_id = @siteId and lead_id = @leadId;
            -- We write these messages ourselves, without blanks, the lead last; the id is spelled as its sender did.
            delete from lead_outbox
            where replace(lower(split_part(encode(message, 'escape'), '"lead":', 1)), '-', '') like @message;
            -- No lead has this one, so what is still to be replayed finds nothing.
            update replays set lead_id = @Nobody where site_id = @siteId and lead_id = @leadId
            """, new { siteId, leadId, message = $"%\"site_id\":\"{siteId:N}\"%\"lead_id\":\"{leadId:N}\"%", Nobody = Guid.Empty },
            cancellationToken: cancellationToken));
        var erased = await Erase(
            connection, "site_id = @siteId and lead_id = @leadId", new { siteId, leadId, Placeholder }, cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from leads where site_id = @siteId and lead_id = @leadId;
            select pg_advisory_xact_lock(@Marking, @Stripe);
            delete from lead_prints where site_id = @siteId and lead_id = @leadId;
            update lead_prints set duplicate_of = null where site_id = @siteId and duplicate_of = @leadId
            """, new { siteId, leadId, LeadPrints.Marking, Stripe = LeadPrints.Stripe(siteId) },
            cancellationToken: cancellationToken));
        return erased;
    }

    /// <summary>
    /// What is kept of a person elsewhere than in leads: what was refused or set aside, what waits for RabbitMQ, and users of sites. How
    /// many rows are gone.
    /// </summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="found">Where it is.</param>
    /// <param name="siteId">Of this site alone; null for what belongs to no site that can be told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> Elsewhere(
        NpgsqlConnection connection, FoundPerson found, Guid? siteId, CancellationToken cancellationToken)
    {
        var rows = await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from refused_leads where id = any (@refused);
            delete from set_aside where id = any (@aside);
            delete from lead_outbox where id = any (@outbox);
            delete from users where site_id = @siteId and user_id = any (@users)
            """,
            new
            {
                siteId,
                refused = found.Refused.Where(one => one.SiteId == siteId).Select(one => one.Id).ToArray(),
                aside = found.SetAside.Where(one => one.SiteId == siteId).Select(one => one.Id).ToArray(),
                outbox = found.Outbox.Where(one => one.SiteId == siteId).Select(one => one.Id).ToArray(),
                users = found.Users.Where(one => one.SiteId == siteId).Select(one => one.UserId).ToArray(),
            }, cancellationToken: cancellationToken));
        return rows;
    }

    /// <summary>What <see cref="Lead"/> would come to now.</summary>
    public static Task<Erased> LookUp(NpgsqlConnection connection, Guid siteId, Guid leadId, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<Erased>(new CommandDefinition(
            $"""
            with found as (select id, accepted_at, destinations from lead_events where site_id = @siteId and lead_id = @leadId)
            select (select count(*) from found)::int as events,
                   (select count(*) from found cross join unnest(found.destinations) x (id)
                    left join deliveries d on d.destination_id = x.id and d.accepted_at = found.accepted_at and d.event_id = found.id
                    where d.state is null or d.state in {DeliveryCancellation.Waiting})::int as canceled
            """, new { siteId, leadId }, cancellationToken: cancellationToken));

    /// <summary>All that is kept of a site's leads and users, at most <see cref="Most"/> events at once.</summary>
    /// <exception cref="PostgresException">Retention is copying a day just now (55P03); try again in a few minutes.</exception>
    public static async Task<Erased> Site(NpgsqlConnection connection, Guid siteId, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from users where site_id = @siteId;
            delete from set_aside where site_id = @siteId;
            delete from refused_leads where site_id = @siteId
            """, new { siteId }, commandTimeout: 60, cancellationToken: cancellationToken));
        var erased = await Erase(
            connection,
            """
            id in (select id from lead_events
                   where site_id = @siteId and lead_id_text <> @Placeholder and action not like 'integration\_%'
                   order by lead_id limit @Most)
            """,
            new { siteId, Placeholder, Most }, cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from leads where site_id = @siteId;
            select pg_advisory_xact_lock(@Marking, @Stripe);
            delete from lead_prints where site_id = @siteId
            """, new { siteId, LeadPrints.Marking, Stripe = LeadPrints.Stripe(siteId) }, commandTimeout: 60,
            cancellationToken: cancellationToken));
        return erased;
    }

    private static async Task<Erased> Erase(
        NpgsqlConnection connection, string which, object parameters, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "set local lock_timeout = '5s'; select pg_advisory_xact_lock_shared(@Copying); select pg_advisory_xact_lock(@Writing)",
            new { OldContents.Copying, LeadIndex.Writing },
            cancellationToken: cancellationToken));
        return await connection.QuerySingleAsync<Erased>(new CommandDefinition(
            $"""
            with erased as (
                update lead_events set body = null, lead_id = null, lead_id_text = @Placeholder, unknown_destinations = null
                where {which}
                returning id, site_id, accepted_at, destinations
            ), earlier_answers as (
                update delivery_attempts a set response_body = null, response_headers = null, reason = null
                from erased where a.event_id = erased.id
                  and (a.response_body is not null or a.response_headers is not null or a.reason is not null)
            ), ended as (
                update deliveries d {DeliveryCancellation.Erased}
                from erased e cross join unnest(e.destinations) x (id)
                where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id
                  and (d.state in {DeliveryCancellation.Waiting} or d.response_body is not null
                       or d.response_headers is not null or d.reason is not null)
                returning d.finished_at = now() as is_canceled
            ), begun as (
                -- What has no row yet gets one: an attempt that is under way finds it, and keeps no answer. One that is recorded meanwhile
                -- loses its answer.
                insert into deliveries as d (event_id, destination_id, site_id, accepted_at, state, finished_at)
                select e.id, x.id, e.site_id, e.accepted_at, 'canceled', now() from erased e cross join unnest(e.destinations) x (id)
                where not exists (
                    select from deliveries p where p.destination_id = x.id and p.accepted_at = e.accepted_at and p.event_id = e.id)
                on conflict (destination_id, accepted_at, event_id) do update {DeliveryCancellation.Erased}
                returning d.finished_at = now() as is_canceled
            )
            select (select count(*) from erased)::int as events,
                   (select count(*) from (select * from ended union all select * from begun) e where is_canceled)::int as canceled
            """, parameters, commandTimeout: 60, cancellationToken: cancellationToken));
    }
}
