using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A delivery whose time is over, in this worker's hands.</summary>
/// <param name="Lead">The event.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Attempts">How many attempts were made.</param>
/// <param name="WasDelivered">Whether a replay of it is given up: then it is nobody's dead letter.</param>
/// <param name="LeasedUntil">Until when nobody else takes it.</param>
public sealed record OldDelivery(LeadEvent Lead, Guid DestinationId, int Attempts, bool WasDelivered, DateTimeOffset LeasedUntil);

/// <summary>
/// Finds what hasn't arrived within the time to live of its destination (<c>time_to_live</c>), and ends it. Between the two its dead letter
/// is published: if that fails, or the worker dies, it is found again.
/// </summary>
public sealed class OldDeliveries(NpgsqlDataSource database, IOptions<DeliveryOptions> options)
{
    /// <summary>How long one that is too old for an attempt may wait until it is found here.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int Most = 200;

    private sealed record Row(
        Guid EventId, Guid DestinationId, Guid SiteId, string Action, string LeadId, string Product, string SourceSystem,
        DateTimeOffset AcceptedAt, byte[] Body, int Attempts, bool WasDelivered, DateTimeOffset LeasedUntil);

    /// <summary>The next ones; nobody else takes them meanwhile. News of a destination's switch never get old.</summary>
    public async Task<List<OldDelivery>> Take(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from destinations where time_to_live is not null)", cancellationToken: cancellationToken)))
            return [];

        // One look for each state: each has its own index.
        return [.. await Take(connection, "retrying", cancellationToken), .. await Take(connection, "held", cancellationToken)];
    }

    private async Task<IEnumerable<OldDelivery>> Take(NpgsqlConnection connection, string state, CancellationToken cancellationToken)
    {
        var sql = $"""
            with old as (
                select d.destination_id, d.accepted_at, d.event_id
                from destinations x
                cross join lateral (
                    select d.destination_id, d.accepted_at, d.event_id from deliveries d
                    where d.destination_id = x.id and d.state = '{state}' and not d.is_test
                      and (d.leased_until is null or d.leased_until <= now())
                      and coalesce(d.replayed_at, d.accepted_at) <= now() - x.time_to_live * interval '1 second'
                      and exists (
                          select from lead_events e
                          where e.id = d.event_id and e.body is not null and e.action not like 'integration_%')
                    limit @Most for update skip locked
                ) d
                where x.time_to_live is not null and x.active
                limit @Most
            ), taken as (
                update deliveries d set leased_until = now() + @Lease
                from old where {DeliveryCancellation.Is("old")}
                returning d.event_id, d.destination_id, d.site_id, d.attempts, d.delivered_at is not null as was_delivered,
                          d.leased_until
            )
            select t.event_id, t.destination_id, t.site_id, e.action, e.lead_id_text as lead_id, e.product, e.source_system,
                   e.accepted_at, e.body, t.attempts, t.was_delivered, t.leased_until
            from taken t join lead_events e on e.id = t.event_id
            """;
        var rows = await connection.QueryAsync<Row>(
            new CommandDefinition(sql, new { Most, options.Value.Lease }, cancellationToken: cancellationToken));
        return rows.Select(row => new OldDelivery(
            new LeadEvent
            {
                EventId = row.EventId, SiteId = row.SiteId, Action = LeadActions.Parse(row.Action), LeadId = row.LeadId,
                Product = row.Product, SourceSystem = row.SourceSystem, AcceptedAt = row.AcceptedAt, Lead = new RawJson(row.Body),
            },
            row.DestinationId, row.Attempts, row.WasDelivered, row.LeasedUntil));
    }

    /// <summary>Ends what was taken, unless somebody has made it due anew or canceled it meanwhile.</summary>
    public async Task End(IReadOnlyCollection<OldDelivery> old, CancellationToken cancellationToken)
    {
        var sql = GivenUp.Sql(
            $"""
            select d.* from unnest(@Events, @Destinations, @Times, @Leases) as t (event_id, destination_id, accepted_at, leased_until)
            join deliveries d on {DeliveryCancellation.Is("t")}
            where d.state in {DeliveryCancellation.Waiting} and d.leased_until = t.leased_until
            order by d.destination_id, d.accepted_at, d.event_id
            for update of d
            """, AttemptError.TooOld.Text());
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                Events = old.Select(one => one.Lead.EventId).ToArray(), Destinations = old.Select(one => one.DestinationId).ToArray(),
                Times = old.Select(one => one.Lead.AcceptedAt.UtcDateTime).ToArray(),
                Leases = old.Select(one => one.LeasedUntil.UtcDateTime).ToArray(),
            },
            cancellationToken: cancellationToken));
    }
}
