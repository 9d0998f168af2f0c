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

        // The index alone, and all at once.
        var before = (await connection.QueryAsync<Earlier>(new CommandDefinition(
            """
            select lead_id, first_at, email_print, person_print from leads
            where site_id = @siteId and first_at between @from and @until
              and (email_print = any (@emails) or person_print = any (@persons))
            """, new
            {
                siteId,
                from = (open.Min(lead => lead.FirstAt) - LeadPrints.Kept).UtcDateTime,
                until = open.Max(lead => lead.FirstAt).UtcDateTime,
                emails = open.Select(lead => lead.EmailPrint).OfType<long>().ToArray(),
                persons = open.Select(lead => lead.PersonPrint).OfType<long>().ToArray(),
            }, cancellationToken: cancellationToken))).AsList();
        var byEmail = before.Where(lead => lead.EmailPrint is not null).ToLookup(lead => lead.EmailPrint);
        var byPerson = before.Where(lead => lead.PersonPrint is not null).ToLookup(lead => lead.PersonPrint);
        foreach (var lead in open)
        {
            if (byEmail[lead.EmailPrint].Concat(byPerson[lead.PersonPrint]).Where(other => other.IsBefore(lead))
                .MaxBy(other => other.FirstAt) is { } latest)
                marks[lead.LeadId] = latest.LeadId;
        }

        return marks;
    }

    private sealed record Shown(
        Guid LeadId, DateTimeOffset FirstAt, long? EmailPrint, long? PersonPrint, bool? IsDuplicate, Guid? DuplicateOf);

    private sealed record Earlier(Guid LeadId, DateTimeOffset FirstAt, long? EmailPrint, long? PersonPrint)
    {
        // Of two that came at once, one.
        public bool IsBefore(Shown lead) =>
            FirstAt >= lead.FirstAt - LeadPrints.Kept
            && (FirstAt < lead.FirstAt || (FirstAt == lead.FirstAt && LeadId.CompareTo(lead.LeadId) < 0));
    }
}
