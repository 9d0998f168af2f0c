using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>
/// Decides whether new leads are duplicates, before they are planned: another lead of the site, 30 days before or after, has the same. Of
/// two that come at once the one that is written second is the duplicate, however many workers write: exactly one is.
/// </summary>
internal static class LeadPrints
{
    /// <summary>How long a decision is kept, and how far apart two leads may be.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // Each new lead of a batch looks at all of its site's that resemble one of them. One address for hundreds of thousands of leads must
    // not keep the leads of other sites from being asked about.
    private const int MostAlike = 1_000;

    /// <summary>The first key of the locks of <see cref="Stripe"/>.</summary>
    public const int Marking = 0x4455504c; // "DUPL"

    /// <summary>Sites that share a stripe are marked one after the other.</summary>
    public static int Stripe(Guid siteId) => siteId.ToByteArray()[^1] & 63;

    // A statement doesn't see its own rows: what resembles an earlier one of the same batch is told so. Not if that one has been erased
    // meanwhile: then it isn't among these. What comes again and is in the ledger may be erased there. Of leads that came while no filter
    // asked there is no print but in leads.
    private const string Sql = """
        with fresh as materialized (
            select n.*
            from unnest($1, $2, $3, $4, $5, $6, $7, $8)
                as n (event_id, repeats, site_id, lead_id, accepted_at, email, person, earlier)
            where not exists (select from lead_prints p where p.site_id = n.site_id and p.lead_id = n.lead_id)
              and not exists (select from lead_prints p where p.event_id = n.event_id)
              and not exists (select from lead_events e where e.id in (n.event_id, n.repeats) and e.id between $9 and $10)
              and not exists (
                  select from erased_leads x
                  where x.site_id = n.site_id and x.lead_id = n.lead_id and x.erased_at >= n.accepted_at)
        ), past as materialized (
            select l.* from (select distinct site_id from fresh) s cross join lateral (
                select l.site_id, l.lead_id, l.first_at, l.email_print, l.person_print from leads l
                where l.site_id = s.site_id and l.first_at between $12 and $13 and (l.email_print = any ($6) or l.person_print = any ($7))
                order by l.first_at desc limit $14) l
        )
        insert into lead_prints as l (accepted_at, site_id, lead_id, event_id, email, person, duplicate_of, is_duplicate)
        select n.accepted_at, n.site_id, n.lead_id, n.event_id, n.email, n.person, o.lead_id, o.lead_id is not null
        from fresh n
        left join lateral (
            select c.lead_id
            from (
                (select b.lead_id, n.accepted_at from fresh b where b.site_id = n.site_id and b.lead_id = n.earlier limit 1)
                union all
                (select p.lead_id, p.accepted_at from lead_prints p
                 where p.site_id = n.site_id and p.email = n.email
                   and p.accepted_at between n.accepted_at - $11 and n.accepted_at + $11
                 order by p.accepted_at desc limit 1)
                union all
                (select p.lead_id, p.accepted_at from lead_prints p
                 where p.site_id = n.site_id and p.person = n.person
                   and p.accepted_at between n.accepted_at - $11 and n.accepted_at + $11
                 order by p.accepted_at desc limit 1)
                union all
                (select l.lead_id, l.first_at from past l
                 where l.site_id = n.site_id and (l.email_print = n.email or l.person_print = n.person) and l.lead_id <> n.lead_id
                   and l.first_at between n.accepted_at - $11 and n.accepted_at + $11
                 order by l.first_at desc limit 1)
            ) c
            order by c.accepted_at desc limit 1) o on true
        order by n.site_id, n.lead_id
        on conflict do nothing
        """;

    /// <summary>Those of these leads that are duplicates, by event, as it was decided when they were written first.</summary>
    public static async Task<HashSet<Guid>> Mark(
        NpgsqlConnection connection, byte[] key, IReadOnlyList<NewLead> leads, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        await using var batch = Batch(connection, key, leads, lockTimeout);
        var marked = new NpgsqlBatchCommand(
            """
            select n.event_id
            from unnest($1, $2, $3) as n (event_id, site_id, lead_id)
            where exists (select from lead_prints p where p.event_id = n.event_id and p.is_duplicate)
               or exists (select from lead_prints p where p.site_id = n.site_id and p.lead_id = n.lead_id and p.is_duplicate)
            """);
        marked.Parameters.Add(NpgsqlDbType.Uuid, leads, lead => lead.EventId);
        marked.Parameters.Add(NpgsqlDbType.Uuid, leads, lead => lead.SiteId);
        marked.Parameters.Add(NpgsqlDbType.Uuid, leads, lead => lead.LeadId);
        batch.BatchCommands.Add(marked);

        var duplicates = new HashSet<Guid>();
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (reader.FieldCount == 1 && reader.GetName(0) == "event_id" && await reader.ReadAsync(cancellationToken))
                duplicates.Add(reader.GetGuid(0));
        }
        while (await reader.NextResultAsync(cancellationToken));
        return duplicates;
    }

    /// <summary>One transaction, and one round trip: the locks are held until its end, and what they waited for is seen.</summary>
    private static NpgsqlBatch Batch(
        NpgsqlConnection connection, byte[] key, IReadOnlyList<NewLead> leads, TimeSpan lockTimeout)
    {
        var prints = Prints(key, leads);
        var limit = new NpgsqlBatchCommand("select set_config('lock_timeout', $1, true)");
        limit.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{lockTimeout.TotalMilliseconds:0}ms" });
        var locks = new NpgsqlBatchCommand("select pg_advisory_xact_lock($1, stripe) from unnest($2) as stripe");
        locks.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Marking });
        locks.Parameters.Add(NpgsqlDbType.Integer, [.. leads.Select(lead => Stripe(lead.SiteId)).Distinct().Order()], stripe => stripe);

        var insert = new NpgsqlBatchCommand(Sql);
        insert.Parameters.Add(NpgsqlDbType.Uuid, prints, print => print.Lead.EventId);
        insert.Parameters.Add(NpgsqlDbType.Uuid, prints, print => print.Lead.Repeats);
        insert.Parameters.Add(NpgsqlDbType.Uuid, prints, print => print.Lead.SiteId);
        insert.Parameters.Add(NpgsqlDbType.Uuid, prints, print => print.Lead.LeadId);
        insert.Parameters.Add(NpgsqlDbType.TimestampTz, prints, print => print.Lead.AcceptedAt);
        insert.Parameters.Add(NpgsqlDbType.Bigint, prints, print => print.Email);
        insert.Parameters.Add(NpgsqlDbType.Bigint, prints, print => print.Person);
        insert.Parameters.Add(NpgsqlDbType.Uuid, prints, print => print.Earlier);
        insert.Parameters.AddSpan([.. leads.Select(lead => (Guid?)lead.EventId), .. leads.Select(lead => lead.Repeats)], id => id);
        insert.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Kept });
        insert.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (leads.Min(lead => lead.AcceptedAt) - Kept).UtcDateTime });
        insert.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (leads.Max(lead => lead.AcceptedAt) + Kept).UtcDateTime });
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostAlike });
        return new NpgsqlBatch(connection) { BatchCommands = { limit, locks, insert } };
    }

    private static List<(NewLead Lead, long? Email, long? Person, Guid? Earlier)> Prints(byte[] key, IReadOnlyList<NewLead> leads)
    {
        var latest = new Dictionary<long, NewLead>();
        var prints = new List<(NewLead, long?, long?, Guid?)>(leads.Count);
        foreach (var lead in leads.OrderBy(lead => lead.AcceptedAt).ThenBy(lead => lead.EventId)
            .DistinctBy(lead => lead.EventId).DistinctBy(lead => (lead.SiteId, lead.LeadId)))
        {
            var (email, person) = LeadPrintKey.Prints(key, lead);
            Guid? earlier = null;
            foreach (var print in new[] { email, person }.OfType<long>())
            {
                if (latest.TryGetValue(print, out var other) && lead.AcceptedAt - other.AcceptedAt <= Kept)
                    earlier = other.LeadId;
                latest[print] = lead;
            }

            prints.Add((lead, email, person, earlier));
        }

        return prints;
    }
}
