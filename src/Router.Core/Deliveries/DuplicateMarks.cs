using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// Which leads are shown as duplicates: those that a filter has taken for some (<see cref="LeadPrints"/>), and of those that no filter
/// asked about, whoever has the e-mail address, or the phone number and name, of one that came up to 30 days before.
/// </summary>
internal static class DuplicateMarks
{
    /// <summary>Those of a site's leads that are, each with the latest that it resembles; null where that one is erased.</summary>
    public static async Task<Dictionary<Guid, Guid?>> Of(
        NpgsqlConnection connection, Guid siteId, IReadOnlyCollection<Guid> leads, CancellationToken cancellationToken)
    {
        var shown = (await connection.QueryAsync<Shown>(new CommandDefinition(
            """
            select l.lead_id, l.first_at, l.email_print, l.person_print, p.is_duplicate, p.duplicate_of
            from leads l left join lead_prints p on p.site_id = l.site_id and p.lead_id = l.lead_id
            where l.site_id = @siteId and l.lead_id = any (@leads)
            """, new { siteId, leads }, cancellationToken: cancellationToken))).AsList();
        var marks = shown.Where(lead => lead.IsDuplicate is true).ToDictionary(lead => lead.LeadId, lead => lead.DuplicateOf);
        var open = shown.Where(lead => lead.IsDuplicate is null && (lead.EmailPrint ?? lead.PersonPrint) is not null).ToList();
        if (open.Count == 0)
            return marks;

        // The index alone, and all at once. Only one row of each comes back: a million leads may have the same address.
        var before = await connection.QueryAsync<Earlier>(new CommandDefinition(
            """
            select * from (
                select lead_id, first_at, email_print is not null as has_email, person_print is not null as has_person,
                       lag(lead_id) over email as email_id, lag(first_at) over email as email_at,
                       lag(lead_id) over person as person_id, lag(first_at) over person as person_at
                from leads
                where site_id = @siteId and first_at between @from and @until
                  and (email_print = any (@emails) or person_print = any (@persons))
                -- Of two that came at once, one.
                window email as (partition by email_print order by first_at, lead_id),
                       person as (partition by person_print order by first_at, lead_id)
            ) found
            where lead_id = any (@open)
            """, new
            {
                siteId,
                from = (open.Min(lead => lead.FirstAt) - LeadPrints.Kept).UtcDateTime,
                until = open.Max(lead => lead.FirstAt).UtcDateTime,
                emails = open.Select(lead => lead.EmailPrint).OfType<long>().ToArray(),
                persons = open.Select(lead => lead.PersonPrint).OfType<long>().ToArray(),
                open = open.ConvertAll(lead => lead.LeadId),
            }, cancellationToken: cancellationToken));
        foreach (var lead in before)
        {
            if (lead.Latest is { } latest)
                marks[lead.LeadId] = latest;
        }

        return marks;
    }

    private sealed record Shown(
        Guid LeadId, DateTimeOffset FirstAt, long? EmailPrint, long? PersonPrint, bool? IsDuplicate, Guid? DuplicateOf);

    /// <summary>The one before a lead that has its address, and the one that has its number and name.</summary>
    private sealed record Earlier(
        Guid LeadId, DateTimeOffset FirstAt, bool HasEmail, bool HasPerson, Guid? EmailId, DateTimeOffset? EmailAt, Guid? PersonId,
        DateTimeOffset? PersonAt)
    {
        public Guid? Latest
        {
            get
            {
                var since = FirstAt - LeadPrints.Kept;
                var email = HasEmail && EmailAt >= since ? EmailAt : null;
                var person = HasPerson && PersonAt >= since ? PersonAt : null;
                return email is null && person is null ? null : person is null || email >= person ? EmailId : PersonId;
            }
        }
    }
}
