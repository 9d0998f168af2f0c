using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Intake;

/// <summary>
/// The latest event of each lead and user, for all API hosts together: see <see cref="EventSequence"/>.
/// </summary>
public sealed partial class EventRegister(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, IOptions<OrderOptions> options, TimeProvider time,
    ILogger<EventRegister> logger, CommitMetrics metrics)
    // RabbitMQ's confirm, which a new lead waits for at the same time, takes longer; and a statement for each costs more than its row.
    : BriefGroupCommit<LeadEvent, RecentEvent?>(
        database, options.Value.Timeout, time, TimeSpan.FromMilliseconds(1), metrics.Of("latest events"))
{
    private static readonly TimeSpan BetweenPrunes = TimeSpan.FromMinutes(1);

    private readonly NpgsqlDataSource _database = database;
    private readonly TimeSpan _timeout = options.Value.Timeout;
    private readonly TimeProvider _time = time;
    private long _prunedAt = time.GetTimestamp();

    /// <summary>Enters the event as its lead's latest; the one before, or null while the database doesn't say. Never throws.</summary>
    public async Task<RecentEvent?> Enter(LeadEvent lead) => (await TryCommit(lead)).Result;

    /// <summary>What an event that was entered before follows; null also when others came after it. Never throws.</summary>
    public async Task<RecentEvent?> Find(LeadEvent lead)
    {
        try
        {
            return await Read(lead).WaitAsync(_timeout, _time);
        }
#pragma warning disable CA1031 // Whatever the database says: the lead is sound, and is taken.
        catch (Exception failed)
        {
            LogFailed(failed.GetType().Name);
            return null;
        }
#pragma warning restore CA1031
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<RecentEvent?>> Write(
        NpgsqlConnection connection, IReadOnlyList<LeadEvent> rows, CancellationToken cancellationToken)
    {
        var before = new Dictionary<Guid, RecentEvent>();
        // A statement takes each lead once: the second event of one comes after the first.
        foreach (var round in Rounds.Of(rows, row => (row.SiteId, row.Subject)))
            await Enter(connection, round, before, cancellationToken);

        if (_time.GetElapsedTime(_prunedAt) > BetweenPrunes)
        {
            _prunedAt = _time.GetTimestamp();
            // Beside the events: it may wait for a lock.
            _ = Prune();
        }

        return [.. rows.Select(row => before.TryGetValue(row.EventId, out var earlier) ? earlier : (RecentEvent?)null)];
    }

    /// <inheritdoc/>
    protected override void LogFailed(string exception) => LogNotEntered(logger, exception);

    private async Task Prune()
    {
        try
        {
            await using var command = _database.CreateCommand("select prune_event_register()");
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException failed)
        {
            LogNotPruned(logger, failed.GetType().Name);
        }
    }

    private async Task<RecentEvent?> Read(LeadEvent lead)
    {
        await using var command = _database.CreateCommand(
            """
            select follows, followed_at from event_register
            where lead_id = $1 and site_id = $2 and event_id = $3 and follows is not null limit 1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = lead.Subject!.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = lead.SiteId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = lead.EventId });
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? new RecentEvent(reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1)) : null;
    }

    private static async Task Enter(
        NpgsqlConnection connection, List<LeadEvent> events, Dictionary<Guid, RecentEvent> before, CancellationToken cancellationToken)
    {
        // In one order, or two hosts would wait for each other. The same event again follows what it followed before: its request may have
        // come to nothing the first time, and nobody knows any more that it came.
        const string sql = """
            insert into event_register as r (slot, lead_id, site_id, event_id, accepted_at, follows, followed_at)
            select event_register_slot(), e.lead_id, e.site_id, e.event_id,
                   greatest(e.accepted_at, b.accepted_at + interval '1 microsecond'), b.event_id, b.accepted_at
            from unnest($1, $2, $3, $4, $5) as e (lead_id, site_id, event_id, accepted_at, may_follow)
            left join lateral (
                select case when l.event_id = e.event_id then l.follows else l.event_id end as event_id,
                       case when l.event_id = e.event_id then l.followed_at else l.accepted_at end as accepted_at
                from event_register l
                where e.may_follow and l.lead_id = e.lead_id and l.site_id = e.site_id
                order by l.accepted_at desc limit 1) b on true
            order by e.lead_id, e.site_id
            on conflict (lead_id, site_id, slot) do update set
                event_id = excluded.event_id,
                follows = case when r.event_id = excluded.event_id then r.follows else r.event_id end,
                followed_at = case when r.event_id = excluded.event_id then r.followed_at else r.accepted_at end,
                accepted_at = case when r.event_id = excluded.event_id then r.accepted_at
                    else greatest(excluded.accepted_at, r.accepted_at + interval '1 microsecond') end
            returning event_id, follows, followed_at
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Subject!.Value);
        command.Add(NpgsqlDbType.Uuid, events, row => row.SiteId);
        command.Add(NpgsqlDbType.Uuid, events, row => row.EventId);
        command.Add(NpgsqlDbType.TimestampTz, events, row => row.AcceptedAt);
        command.Add(NpgsqlDbType.Boolean, events, row => row.Action.MayFollow());

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!reader.IsDBNull(1))
                before[reader.GetGuid(0)] = new RecentEvent(reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2));
        }
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The register of recent events could not be pruned ({Exception}); it is tried again a minute later")]
    private static partial void LogNotPruned(ILogger logger, string exception);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Events could not be registered for the order within their lead ({Exception}); they are taken all the same, and may "
            + "overtake what another API host has just accepted")]
    private static partial void LogNotEntered(ILogger logger, string exception);
}
