using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Takes destinations out of a plan whose filter the lead doesn't fit. What is decided for a new lead holds for all that follows it: an
/// update has only the fields that changed. While the lead isn't planned yet, what follows it waits for it, and is looked at again when it
/// goes on (<see cref="RetryClaims"/>). Costs nothing where no destination filters.
/// </summary>
internal static class PlanFilters
{
    /// <summary>
    /// Looks which filters an event doesn't fit by what it says itself: before it comes into a batch, so that a long lead and many filters
    /// hold up nobody else's plan.
    /// </summary>
    public static PlannedEvent Compared(PlannedEvent row)
    {
        if (row.Filtered.Count == 0)
            return row;

        using var document = row.Lead.Lead.ToDocument();
        var work = new FilterWork(row.Lead.Lead.Utf8.Length);
        return row with
        {
            Unfit = [.. row.Filtered.Where(one => !one.Own.Filter!.Takes(document.RootElement, row.IsDuplicate, work))
                .Select(one => one.Id)],
        };
    }

    /// <summary>The events without those destinations.</summary>
    public static async Task<IReadOnlyList<PlannedEvent>> Apply(
        NpgsqlConnection connection, IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        if (rows.All(row => row.Filtered.Count == 0))
            return rows;

        // New leads first: what follows one may be in the same batch.
        var filtered = rows.Where(row => row.Filtered.Count > 0).ToList();
        var decided = await Decided(
            connection, [.. filtered.Where(row => row.Lead.Action.FollowsALead())], cancellationToken);
        foreach (var row in filtered.Where(row => row.Lead.Action == LeadAction.Created))
            decided[(row.Lead.SiteId, row.Lead.Subject)] = row.Unfit;
        return [.. rows.Select(row => row.Filtered.Count == 0 ? row : Without(row,
            decided.TryGetValue((row.Lead.SiteId, row.Lead.Subject), out var leftOut)
                ? [.. row.Filtered.Select(destination => destination.Id).Where(leftOut.Contains)] : row.Unfit))];
    }

    private static PlannedEvent Without(PlannedEvent row, IReadOnlyList<Guid> leftOut) => leftOut.Count == 0 ? row : row with
    {
        Destinations = [.. row.Destinations.Where(id => !leftOut.Contains(id))],
        InOrder = [.. row.InOrder.Where(id => !leftOut.Contains(id))],
        LeftOut = leftOut,
    };

    /// <summary>Of leads that are in the ledger: which destinations did not get them.</summary>
    private static async Task<Dictionary<(Guid, Guid?), IReadOnlyCollection<Guid>>> Decided(
        NpgsqlConnection connection, List<PlannedEvent> followers, CancellationToken cancellationToken)
    {
        var decided = new Dictionary<(Guid, Guid?), IReadOnlyCollection<Guid>>();
        if (followers.Count == 0)
            return decided;

        await using var command = new NpgsqlCommand(
            """
            select f.site_id, f.lead_id, coalesce(c.left_out, '{}')
            from (select distinct * from unnest($1, $2) as f (site_id, lead_id)) f
            cross join lateral (
                select left_out from lead_events
                where site_id = f.site_id and lead_id = f.lead_id and action = 'created' and test is null
                order by accepted_at desc limit 1) c
            """, connection);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.Uuid, followers, row => row.Lead.Subject!.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            decided[(reader.GetGuid(0), reader.GetGuid(1))] = reader.GetFieldValue<Guid[]>(2);
        return decided;
    }
}
