using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A plan is one row: the event and the destinations that were active.</summary>
internal static class PlanInserts
{
    // Where nobody asks for traces the column costs nothing.
    private static readonly string WithoutTraces = Sql("", "");
    private static readonly string WithTraces = Sql(", traceparent", ", $18");

    /// <summary>Inserts a row for each event; which events were new.</summary>
    public static async Task<HashSet<Guid>> Insert(
        NpgsqlConnection connection, List<PlannedEvent> events, CancellationToken cancellationToken)
    {
        var traced = events.Exists(row => row.Lead.TraceParent is not null);
        await using var command = new NpgsqlCommand(traced ? WithTraces : WithoutTraces, connection);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Action.Text());
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.Subject);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.LeadId);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.Product);
        command.Add(NpgsqlDbType.Text, events, row => row.Lead.SourceSystem);
        command.Add(NpgsqlDbType.TimestampTz, events, row => row.Lead.AcceptedAt);
        // Names come from a header, so none holds a line break.
        command.Add(NpgsqlDbType.Text, events, row => row.Unknown is null ? null : string.Join('\n', row.Unknown));
        command.Add(NpgsqlDbType.Text, events, row => row.LeftOut.Count == 0 ? null : string.Join(' ', row.LeftOut));
        command.Add(NpgsqlDbType.Uuid, events, row => row.Lead.Repeats);
        command.Add(NpgsqlDbType.Bytea, events, row => row.Lead.Lead.Utf8);
        // One array for all; each event has a slice of it.
        var last = 0;
        command.Add(NpgsqlDbType.Integer, events, row => last += row.Destinations.Count);
        last = 1;
        command.Add(NpgsqlDbType.Integer, events, row => (last += row.Destinations.Count) - row.Destinations.Count);
        var destinations = events.SelectMany(row => row.Destinations).ToList();
        command.Add(NpgsqlDbType.Uuid, destinations, id => id);
        command.AddSpan(events, row => row.Lead.Repeats);
        if (traced)
            command.Add(NpgsqlDbType.Text, events, row => row.Lead.TraceParent);

        var planned = new HashSet<Guid>(events.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            planned.Add(reader.GetGuid(0));
        return planned;
    }

    private static string Sql(string column, string parameter) => $"""
        insert into lead_events (
            id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, unknown_destinations, left_out, body,
            destinations{column})
        select id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, string_to_array(unknown, E'\n'),
               string_to_array(left_out, ' ')::uuid[], body, ($15)[planned_from:planned_to]{column}
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14{parameter})
            as e (
                id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, unknown, left_out, repeats, body,
                planned_to, planned_from{column})
        where (repeats is null or not exists (
                select from lead_events r
                where r.id = e.repeats and r.id between $16 and $17 and r.accepted_at > e.accepted_at - interval '24 hours'))
          -- Erased while it was on its way: it is dropped.
          and not exists (
              select from erased_leads x
              where x.site_id = e.site_id and x.lead_id = e.lead_id and x.erased_at >= e.accepted_at)
        on conflict do nothing
        returning id
        """;
}
