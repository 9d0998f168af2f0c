using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Deliveries;

namespace Router.Core.Alerts;

/// <summary>Finds what needs a person just now, at a cost that goes by what is in trouble: every half minute.</summary>
internal sealed class PresentTroubles(
    NpgsqlDataSource database, TroubledDestinations troubled, IOptions<AlertOptions> alerts, IOptions<DeliveryOptions> delivery,
    TimeProvider time)
{
    /// <summary>What it looks for.</summary>
    public static readonly IReadOnlySet<TroubleKind> Kinds = new HashSet<TroubleKind>
    {
        TroubleKind.Failing, TroubleKind.OnHold, TroubleKind.SwitchedOff, TroubleKind.GivenUp, TroubleKind.ProductRefused,
    };

    // When so many destinations are in trouble at once, what is wrong is this machine or its network.
    private const int Most = 10_000;

    public async Task<List<FoundTrouble>> Find(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var found = new List<FoundTrouble>();
        foreach (var row in await troubled.List(sites: null, Most, cancellationToken))
        {
            if (row.Active && Kind(row) is { } kind)
                found.Add(new FoundTrouble(
                    FoundTrouble.OfDestination(row.DestinationId), kind, row.SiteId, row.DestinationId, Product: null,
                    row.FailingSince ?? row.PausedAt, row.Waiting + row.Held, Why(row), IsWorthTelling(row, kind, now)));
            if (row.Active && row.Dead > 0)
                found.Add(new FoundTrouble(
                    FoundTrouble.OfGivenUp(row.DestinationId), TroubleKind.GivenUp, row.SiteId, row.DestinationId, Product: null,
                    Since: null, row.Dead, "Every try failed until the end of the schedule.", IsWorthTelling: true));
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        found.AddRange(await SwitchedOff(connection, cancellationToken));
        found.AddRange(await Refused(connection, cancellationToken));
        return found;
    }

    private static TroubleKind? Kind(TroubledDestination row) => row switch
    {
        // A person who pauses a destination knows.
        { PausedBy: "owner" } => null,
        { PausedAt: not null } => TroubleKind.OnHold,
        { FailingSince: not null } => TroubleKind.Failing,
        _ => null,
    };

    private static string Why(TroubledDestination row) =>
        row.LastStatus is null && row.LastError is null ? row.PauseReason ?? "" : Advice.Summary(row.LastStatus, row.LastError);

    private bool IsWorthTelling(TroubledDestination row, TroubleKind kind, DateTimeOffset now)
    {
        var lasted = now - (row.FailingSince ?? now);
        return kind == TroubleKind.OnHold
            || (row.Kind == "lead_manager" ? lasted >= delivery.Value.LateAfter
                : lasted >= alerts.Value.AfterTime || row.Waiting + row.Held >= alerts.Value.AfterLeads);
    }

    private static async Task<IEnumerable<FoundTrouble>> SwitchedOff(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(Guid Id, Guid SiteId, string Reason)>(new CommandDefinition(
            """
            select id, site_id, inactive_reason from destinations
            where not active and inactive_reason is not null and deleted_at is null limit @Most
            """, new { Most }, cancellationToken: cancellationToken)))
        .Select(row => new FoundTrouble(
            FoundTrouble.OfDestination(row.Id), TroubleKind.SwitchedOff, row.SiteId, row.Id, Product: null, Since: null, Leads: 0,
            row.Reason, IsWorthTelling: true));

    /// <summary>
    /// Only of products that have had leads accepted: while somebody builds one, refusals are nothing to be woken for.
    /// </summary>
    private async Task<IEnumerable<FoundTrouble>> Refused(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select r.product, min(r.hour) as since, sum(r.count)::int as count,
                   (array_agg(r.reason order by r.count desc, r.reason))[1] as reason
            from refused_requests r
            where r.hour >= date_trunc('hour', now() - interval '1 hour', 'UTC') and r.status in (400, 413, 415, 422)
              and exists (
                  select from product_sites p cross join lateral (
                      select product from lead_events
                      where site_id = p.site_id and accepted_at > now() - interval '28 days' order by accepted_at desc limit 1000) e
                  where p.product = r.product and e.product = r.product)
            group by r.product
            """;
        var rows = await connection.QueryAsync<(string Product, DateTimeOffset Since, int Count, string Reason)>(
            new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.Select(row => new FoundTrouble(
            FoundTrouble.OfProduct(row.Product), TroubleKind.ProductRefused, SiteId: null, DestinationId: null, row.Product, row.Since,
            row.Count, row.Reason, row.Count >= alerts.Value.AfterRefused));
    }
}
