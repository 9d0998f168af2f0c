using Dapper;
using Npgsql;
using Router.Core.Leads;
using Router.Core.SetAside;

namespace Router.Core.Recovery;

/// <summary>
/// Compares what Postgres knows with what lies in RabbitMQ's queues, after one of them was restored or lost. Changes nothing. Only while no
/// worker runs is it the whole truth: what is in a worker's hands is in neither of the two.
/// </summary>
public sealed class AfterRestore(NpgsqlDataSource database)
{
    private const int Most = 10_000;

    // A worker holds what it has planned for seconds, and a backlog may be as old as this. Ids that are made from an Idempotency-Key begin
    // with their day.
    private static readonly TimeSpan LookBack = TimeSpan.FromDays(7);

    /// <param name="queued">What lies in the queues.</param>
    /// <param name="asked">Leads or events, by their ids, that senders or receivers know of.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<RestoreReport> Look(
        QueuedMessages queued, IReadOnlyCollection<Guid> asked, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One moment for all of it, and no limit of time: it reads a week of the ledger.
        await using var transaction = await connection.BeginTransactionAsync(
            System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var look = new Reading(connection, cancellationToken);

        var outbox = await look.Outbox();
        var setAside = await look.SetAside();
        var elsewhere = new HashSet<Guid>([.. queued.Events.Keys, .. outbox.Keys, .. setAside.Keys]);
        var inLedger = await look.Known([.. queued.Events.Keys, .. Events(queued.Retries), .. Events(queued.DeadLetters)]);
        var planned = await look.WithoutOutcome();
        return new RestoreReport
        {
            KnownUntil = await look.KnownUntil(),
            Waiting = await look.Waiting(),
            Outbox = List(outbox.Keys),
            Queued = List(queued.Events.Keys.Where(id => !inLedger.Contains(id))),
            QueuedAgain = List(planned.Where(one => elsewhere.Contains(one.EventId))),
            Orphans = List(planned.Where(one => !elsewhere.Contains(one.EventId))),
            Lost = List((await look.Unplanned()).Where(one => !elsewhere.Contains(one.EventId))),
            ForgottenRetries = List(queued.Retries.Where(one => !inLedger.Contains(one.EventId))),
            ForgottenDeadLetters = List(queued.DeadLetters.Where(one => !inLedger.Contains(one.EventId))),
            Unknown = asked.Count == 0 ? null : await look.Unknown(
                asked, [.. elsewhere, .. Leads(queued.Events.Values), .. Leads(outbox.Values), .. Leads(setAside.Values)]),
            Unfinished = queued.Unfinished,
            Consumed = queued.Consumed,
        };
    }

    private static IEnumerable<Guid> Events(IEnumerable<QueuedDelivery> deliveries) => deliveries.Select(one => one.EventId);

    private static IEnumerable<Guid> Leads(IEnumerable<Guid?> leads) => leads.OfType<Guid>();

    private static Findings<T> List<T>(IEnumerable<T> found)
    {
        var all = found.ToList();
        return new Findings<T>(all.Count, all.Count <= Most ? all : all.GetRange(0, Most));
    }

    /// <summary>What Postgres knows, in one transaction.</summary>
    private sealed class Reading(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Workers alone: an API may go on while Postgres is restored, and writes as soon as it is back.
        public Task<DateTimeOffset?> KnownUntil() => connection.ExecuteScalarAsync<DateTimeOffset?>(Command(
            """
            select greatest(
                (select max(planned_at) from (select planned_at from lead_events order by id desc limit 1000) newest),
                (select max(reported_at) from host_duties where program = 'Router.Worker'))
            """));

        public async Task<Findings<LedgerDelivery>> Waiting()
        {
            var count = await connection.ExecuteScalarAsync<long>(Command(
                """
                select (select count(*) from deliveries where state = 'retrying' and not is_test)
                     + (select count(*) from deliveries where state = 'held' and not is_test)
                """));
            return new Findings<LedgerDelivery>(count, await Rows<LedgerDelivery>(
                """
                (select event_id, destination_id, site_id, accepted_at from deliveries where state = 'retrying' and not is_test limit @Most)
                union all
                (select event_id, destination_id, site_id, accepted_at from deliveries where state = 'held' and not is_test limit @Most)
                limit @Most
                """, new { Most }));
        }

        public async Task<Dictionary<Guid, Guid?>> Outbox()
        {
            var rows = await Rows<(Guid EventId, byte[] Beginning)>(
                "select event_id, substr(message, 1, @Enough) from lead_outbox order by id", new { MessageFacts.Enough });
            return rows.DistinctBy(row => row.EventId).ToDictionary(row => row.EventId, row => MessageFacts.Of(row.Beginning).LeadId);
        }

        public async Task<Dictionary<Guid, Guid?>> SetAside() =>
            (await Rows<(Guid EventId, Guid? LeadId)>("select event_id, lead_id from set_aside where event_id is not null"))
                .DistinctBy(row => row.EventId).ToDictionary(row => row.EventId, row => row.LeadId);

        public async Task<HashSet<Guid>> Known(IEnumerable<Guid> events)
        {
            var known = new HashSet<Guid>();
            foreach (var some in events.Chunk(Most))
                known.UnionWith(await Rows<Guid>("select id from lead_events where id = any(@some)", new { some }));
            return known;
        }

        /// <summary>Planned deliveries that have no row, and can be sent.</summary>
        public Task<List<LedgerDelivery>> WithoutOutcome() => Rows<LedgerDelivery>(
            """
            select e.id as event_id, x.id as destination_id, e.site_id, e.accepted_at
            from lead_events e cross join unnest(e.destinations) x (id)
            where e.id >= first_event_id(now() - @LookBack) and e.body is not null and not exists (
                select from deliveries d
                where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id)
            order by e.accepted_at
            """, new { LookBack });

        /// <summary>Accepted events that nobody has planned, as far as anything tells of them.</summary>
        public async Task<IEnumerable<LostEvent>> Unplanned()
        {
            var registered = await Rows<LostEvent>(
                """
                select r.event_id, r.site_id, r.lead_id, max(r.accepted_at) as accepted_at
                from (select event_id, site_id, lead_id, accepted_at from event_register
                      union all select follows, site_id, lead_id, followed_at from event_register where follows is not null) r
                where not exists (select from lead_events e where e.id = r.event_id)
                group by r.event_id, r.site_id, r.lead_id
                order by 4
                """);
            var known = registered.Select(one => one.EventId).ToHashSet();
            return registered.Concat((await UnplannedByKey()).Where(one => !known.Contains(one.EventId)));
        }

        /// <summary>Leads and events that are in neither the ledger nor <paramref name="elsewhere"/>.</summary>
        public async Task<List<Guid>> Unknown(IReadOnlyCollection<Guid> asked, HashSet<Guid> elsewhere)
        {
            var unknown = new List<Guid>();
            foreach (var some in asked.Distinct().Where(id => !elsewhere.Contains(id)).Chunk(Most))
                unknown.AddRange(await Rows<Guid>(
                    """
                    select id from unnest(@some) with ordinality as a (id, place)
                    where not exists (select from lead_events e where e.id = a.id)
                      and not exists (select from lead_events e where e.lead_id = a.id and e.id >= first_event_id(now() - @LookBack))
                    order by place
                    """, new { some, LookBack }));
            return unknown;
        }

        /// <summary>The event's id follows from what is kept of a key.</summary>
        private async Task<List<LostEvent>> UnplannedByKey()
        {
            var keyed = (await Rows<(Guid Identity, Guid Body, DateTimeOffset AcceptedAt)>(
                "select identity, body, accepted_at from idempotency_keys where accepted_at > now() - @Lifetime",
                new { IdempotentRequest.Lifetime }))
                .ConvertAll(row => new LostEvent(
                    new IdempotentRequest(row.Identity, row.Body).EventIds(row.AcceptedAt).Id, null, null, row.AcceptedAt));
            var known = await Known(keyed.Select(one => one.EventId));
            return keyed.FindAll(one => !known.Contains(one.EventId));
        }

        private async Task<List<T>> Rows<T>(string sql, object? parameters = null) =>
            (await connection.QueryAsync<T>(Command(sql, parameters))).AsList();

        private CommandDefinition Command(string sql, object? parameters = null) =>
            new(sql, parameters, commandTimeout: 0, cancellationToken: cancellationToken);
    }
}
