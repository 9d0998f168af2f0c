using System.Threading.Channels;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Core.Search;

/// <summary>
/// Writes who leads are into the table that searches read, and duplicates are looked for in, a moment after their events are in the ledger:
/// many at a time, and nobody waits for it. What a worker that dies has not written yet is found by <see cref="FillGaps"/>.
/// </summary>
public sealed partial class LeadIndex(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, DatabaseAvailability availability, LeadPrintKey key,
    TimeProvider time, ILogger<LeadIndex> logger) : BackgroundService
{
    /// <summary>Held shared while leads are written, so that an erasure finds all there is: it takes it alone.</summary>
    public const long Writing = 0x4c454144494e4458; // "LEADINDX"

    private const int MostRows = 500;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);

    // More than that is left to FillGaps.
    private readonly Channel<IndexedLead> _waiting = Channel.CreateBounded<IndexedLead>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private long _oldestLost = long.MaxValue;

    /// <summary>Hands over an event that is in the ledger. Returns at once.</summary>
    public void Add(LeadEvent lead)
    {
        if (IndexedLead.Of(lead) is { } indexed && !_waiting.Writer.TryWrite(indexed))
            Lose(indexed);
    }

    /// <summary>
    /// Writes what was accepted since then, or since the oldest that this worker could not write, and isn't written; how many.
    /// </summary>
    public async Task<int> FillGaps(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var lost = Interlocked.Exchange(ref _oldestLost, long.MaxValue);
        if (lost < since.UtcTicks)
            since = new DateTimeOffset(lost, TimeSpan.Zero);
        try
        {
            return await FillGapsSince(since, cancellationToken);
        }
        catch
        {
            Interlocked.Exchange(ref _oldestLost, Math.Min(lost, Interlocked.Read(ref _oldestLost)));
            throw;
        }
    }

    private async Task<int> FillGapsSince(DateTimeOffset since, CancellationToken cancellationToken)
    {
        // Site by site, by the index of what it received.
        const string sql = """
            select e.id as event_id, e.site_id, e.action, e.lead_id_text as lead_id, e.product, e.source_system, e.accepted_at, e.body
            from sites s
            cross join lateral (
                select * from lead_events e
                where e.site_id = s.id and e.accepted_at >= @since and e.accepted_at < now() - interval '5 seconds'
                  and e.test is null and e.product <> '' and e.action in ('created', 'updated', 'activity_added')
                  and e.body is not null and e.lead_id is not null
                  and e.id >= first_event_id(@since - interval '1 day')
                  and not exists (
                      select from leads l where l.site_id = e.site_id and l.lead_id = e.lead_id and l.last_at >= e.accepted_at)
                order by e.accepted_at limit @MostRows
            ) e
            limit @MostRows
            """;
        var total = 0;
        while (true)
        {
            var missed = new List<IndexedLead>();
            await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            {
                // One after the other: together their bodies may be a gigabyte.
                await foreach (var row in connection.QueryUnbufferedAsync<Missed>(
                    sql, new { since = since.UtcDateTime, MostRows }, commandTimeout: 60).WithCancellation(cancellationToken))
                {
                    if (IndexedLead.Of(row.Event) is { } indexed)
                        missed.Add(indexed);
                }
            }

            if (missed.Count == 0)
                return total;

            await Write(missed, cancellationToken);
            total += missed.Count;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<IndexedLead>(MostRows);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                // Not after a full one: then there is more than enough.
                if (batch.Count < MostRows)
                    await Task.Delay(Gather, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                batch.Clear();
                while (batch.Count < MostRows && _waiting.Reader.TryRead(out var lead))
                    batch.Add(lead);
                await TryWrite(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is found by FillGaps.
        }
    }

    private async Task TryWrite(List<IndexedLead> batch, CancellationToken stoppingToken)
    {
        try
        {
            await availability.Wait(async token =>
            {
                await Write(batch, token);
                return true;
            }, stoppingToken);
        }
#pragma warning disable CA1031 // A lead that can't be found is on its way all the same.
        catch (Exception failed) when (failed is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            batch.ForEach(Lose);
            LogNotWritten(logger, batch.Count, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    private void Lose(IndexedLead lead)
    {
        var ticks = lead.AcceptedAt.UtcTicks;
        for (var oldest = Interlocked.Read(ref _oldestLost); ticks < oldest;)
            oldest = Interlocked.CompareExchange(ref _oldestLost, ticks, oldest) is var seen && seen == oldest ? ticks : seen;
    }

    private async Task Write(List<IndexedLead> leads, CancellationToken cancellationToken)
    {
        foreach (var round in Rounds.Of(leads, lead => (lead.SiteId, lead.LeadId)))
            await WriteOnce(round, cancellationToken);
    }

    private async Task HoldOffErasures(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // An erasure may take its time.
        while (!await connection.ExecuteScalarAsync<bool>("select pg_try_advisory_xact_lock_shared(@Writing)", new { Writing }))
            await Task.Delay(Gather, time, cancellationToken);
    }

    private async Task WriteOnce(List<IndexedLead> leads, CancellationToken cancellationToken)
    {
        // What is erased isn't written, nor is another id of an event that came twice without one; in one order, or two workers would wait
        // for each other.
        const string sql = """
            insert into leads as l (
                first_at, last_at, site_id, lead_id, source, first_name, last_name, email, phone, email_print, person_print)
            select n.accepted_at, n.accepted_at, n.site_id, n.lead_id, n.source, n.first_name, n.last_name, n.email, n.phone,
                n.email_print, n.person_print
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                as n (event_id, accepted_at, site_id, lead_id, source, first_name, last_name, email, phone, email_print, person_print)
            join lead_events e on e.id = n.event_id and e.id between $12 and $13 and e.lead_id = n.lead_id and e.body is not null
            order by n.site_id, n.lead_id
            on conflict (site_id, lead_id) do update set
                first_at = least(l.first_at, excluded.first_at), last_at = greatest(l.last_at, excluded.last_at),
                first_name = case when excluded.first_name <> '' and (l.first_name = '' or excluded.last_at >= l.last_at)
                    then excluded.first_name else l.first_name end,
                last_name = case when excluded.last_name <> '' and (l.last_name = '' or excluded.last_at >= l.last_at)
                    then excluded.last_name else l.last_name end,
                email = case when excluded.email <> '' and (l.email = '' or excluded.last_at >= l.last_at)
                    then excluded.email else l.email end,
                phone = case when excluded.phone <> '' and (l.phone = '' or excluded.last_at >= l.last_at)
                    then excluded.phone else l.phone end,
                email_print = coalesce(l.email_print, excluded.email_print),
                person_print = coalesce(l.person_print, excluded.person_print)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var readable = await key.Read(connection, cancellationToken);
        var prints = leads.ConvertAll(lead => readable is null || lead.New is null ? default : LeadPrintKey.Prints(readable, lead.New));
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await HoldOffErasures(connection, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, leads, lead => lead.EventId);
        command.Add(NpgsqlDbType.TimestampTz, leads, lead => lead.AcceptedAt);
        command.Add(NpgsqlDbType.Uuid, leads, lead => lead.SiteId);
        command.Add(NpgsqlDbType.Uuid, leads, lead => lead.LeadId);
        command.Add(NpgsqlDbType.Text, leads, lead => lead.Source);
        command.Add(NpgsqlDbType.Text, leads, lead => lead.Person.FirstName);
        command.Add(NpgsqlDbType.Text, leads, lead => lead.Person.LastName);
        command.Add(NpgsqlDbType.Text, leads, lead => lead.Person.Email);
        command.Add(NpgsqlDbType.Text, leads, lead => lead.Person.Phone);
        command.Add(NpgsqlDbType.Bigint, prints, print => print.Email);
        command.Add(NpgsqlDbType.Bigint, prints, print => print.Person);
        command.AddSpan(leads, lead => lead.EventId);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} leads can't be found by a search yet: they could not be written ({Exception}). "
            + "It is tried again within ten minutes")]
    private static partial void LogNotWritten(ILogger logger, int count, string exception);

    private sealed record Missed(
        Guid EventId, Guid SiteId, string Action, string LeadId, string Product, string SourceSystem, DateTimeOffset AcceptedAt,
        byte[] Body)
    {
        public LeadEvent Event => new()
        {
            EventId = EventId, SiteId = SiteId, Action = LeadActions.Parse(Action), LeadId = LeadId, Product = Product,
            SourceSystem = SourceSystem, AcceptedAt = AcceptedAt, Lead = new RawJson(Body),
        };
    }
}
