using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Incoming;
using Router.Core.Retention;
using Router.Core.Search;
using Router.Hosting.ApiSettings;

namespace Router.Api.Management;

/// <summary>
/// What the law lets a person ask for: what is kept of them, a copy of it, and that it goes. Owners do it for their own site. Operators do
/// it for any or all of them, say why, and are written down in the list of changes of each site where something was found.
/// </summary>
internal sealed class PersonData(
    NpgsqlDataSource database, PersonSearch search, PersonExport export, RefusedContents refused, DeadLetterErasure letters,
    ConfigurationChanges changes, IOptions<AdminOptions> admin, TimeProvider time)
{
    private static readonly Refusal NotHere = new(
        StatusCodes.Status403Forbidden,
        "Operators of this router may not read leads of sites that aren't theirs (Admin:OperatorsReadLeads). "
        + "The owners of each site export their own.");

    private static readonly Refusal Busy = new(
        StatusCodes.Status429TooManyRequests, "Somebody is being looked for already. Wait until that is done, then try again.");

    /// <summary>What there is; nothing of its contents.</summary>
    public async Task<Change<PersonReport>> LookUp(PersonRequest request, Guid? site, CancellationToken cancellationToken)
    {
        if (Check(request, site, out var wanted) is { } refusal)
            return refusal;

        if (await search.Find(wanted, site, refused.TryUnprotect, cancellationToken) is not { } found)
            return Busy;

        await Audit(found, site, "shown", "looked for", request.Reason, cancellationToken);
        return await Report(found, cancellationToken);
    }

    /// <summary>A copy, as a JSON file. It has a turn until it is sent.</summary>
    public async Task<Change<PersonFile>> Export(PersonRequest request, Guid? site, CancellationToken cancellationToken)
    {
        if (Check(request, site, out var wanted) is { } refusal)
            return refusal;
        if (!IsOwn(site) && !admin.Value.OperatorsReadLeads)
            return NotHere;

        if (export.TryTurn(site) is not { } turn)
            return Busy;

        PersonFile? file = null;
        try
        {
            if (await search.Find(wanted, site, refused.TryUnprotect, cancellationToken) is not { } found)
                return Busy;

            // Before anybody has it.
            await Audit(found, site, "shown", "exported", request.Reason, cancellationToken);
            file = new PersonFile(
                to => export.Write(to, found, site, refused.TryUnprotect, time.GetUtcNow(), cancellationToken), turn,
                admin.Value.PersonFileTimeout, time);
            return file;
        }
        finally
        {
            // It has the turn from now on, if there is one.
            if (file is null)
                turn.Dispose();
        }
    }

    /// <summary>All that is theirs goes. What names them and is somebody else's stays, and is reported.</summary>
    public async Task<Change<ErasedPerson>> Erase(PersonRequest request, Guid? site, CancellationToken cancellationToken)
    {
        if (Check(request, site, out var wanted) is { } refusal)
            return refusal;

        if (await search.Find(wanted, site, refused.TryUnprotect, cancellationToken) is not { } found)
            return Busy;

        var sentTo = await Receivers(found, cancellationToken);
        int events = 0, canceled = 0, elsewhere = 0;
        try
        {
            await ErasedLeads.Mark(
                database, [.. found.Leads.Select(lead => (lead.SiteId, lead.LeadId)).Distinct()], time.GetUtcNow(), cancellationToken);
            foreach (var one in found.Sites.Cast<Guid?>().Append(null))
            {
                await using var change = await changes.Begin(cancellationToken);
                foreach (var lead in found.Leads.Where(lead => lead.SiteId == one))
                {
                    var erased = await Erasure.Lead(change.Connection, lead.SiteId, lead.LeadId, cancellationToken);
                    (events, canceled) = (events + erased.Events, canceled + erased.Canceled);
                }

                elsewhere += await Erasure.Elsewhere(change.Connection, found, one, cancellationToken);
                await change.Commit(cancellationToken);
            }
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return Refusal.Conflict(
                "Contents of old leads are being deleted just now. A part may be erased already; erase once more in a few minutes.");
        }

        await Audit(found, site, "deleted", "erased", request.Reason, cancellationToken);
        var inBroker = await letters.TryErase(found.Leads.Select(lead => (lead.SiteId, lead.LeadId)).ToHashSet());
        return new ErasedPerson(
            found.Leads.Count, events, canceled, elsewhere, inBroker?.Removed, PersonWords.Remains(found, sentTo, inBroker), sentTo);
    }

    private bool IsOwn(Guid? site) => site is { } one && changes.Account.MaySeeLeads(one);

    private Refusal? Check(PersonRequest request, Guid? site, out WantedPerson wanted)
    {
        var problems = new FieldProblems();
        wanted = WantedPerson.Of(request.Email, request.Phone)!;
        if (wanted is null)
            problems.Add(
                string.IsNullOrWhiteSpace(request.Phone) ? "email" : "phone",
                "Give an e-mail address, or a phone number of at least seven digits, or both.");
        if (!IsOwn(site))
            problems.RequireText("reason", request.Reason);
        problems.CheckText("reason", request.Reason);
        if (wanted is not null && request.Reason is { } reason && wanted.IsIn(reason))
            problems.Add("reason", "'reason' stays in the list of changes for good: leave the address and the number out of it.");
        return problems.Any ? Refusal.Invalid(problems) : null;
    }

    private async Task<PersonReport> Report(FoundPerson found, CancellationToken cancellationToken)
    {
        var receivers = await Receivers(found, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var leads = new List<PersonLead>();
        foreach (var lead in found.Leads)
        {
            var kept = await Erasure.LookUp(connection, lead.SiteId, lead.LeadId, cancellationToken);
            var (site, first, last) = await connection.QuerySingleAsync<(string, DateTimeOffset?, DateTimeOffset?)>(
                """
                select s.name, min(e.accepted_at), max(e.accepted_at)
                from sites s left join lead_events e on e.site_id = s.id and e.lead_id = @LeadId
                where s.id = @SiteId group by s.name
                """, lead);
            leads.Add(new PersonLead(lead.SiteId, site, lead.LeadId, lead.IsUser, kept.Events, kept.Canceled, first, last));
        }

        return new PersonReport(
            leads, found.Users.Count, found.Refused.Count, found.SetAside.Count, found.Outbox.Count,
            [.. found.Mentions.Select(one => new PersonNamed(one.Place, one.SiteId, one.LeadId, one.Id, one.At))],
            found.AccountId is not null, receivers);
    }

    private async Task<List<PersonReceiver>> Receivers(FoundPerson found, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // A request that failed may have been read all the same.
        return (await connection.QueryAsync<PersonReceiver>(new CommandDefinition(
            """
            select s.id as site_id, s.name as site, n.name as destination, substring(n.url from '//([^/?#]+)') as host,
                   count(*)::int as messages, count(*) filter (where d.state = 'delivered')::int as delivered,
                   max(coalesce(d.started_at, d.finished_at)) as last_at
            from unnest(@sites, @leads) as l (site_id, lead_id)
            join lead_events e on e.site_id = l.site_id and e.lead_id = l.lead_id
            cross join unnest(e.destinations) x (id)
            join deliveries d on d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id and d.attempts > 0
            join destinations n on n.id = x.id
            join sites s on s.id = l.site_id
            group by s.id, s.name, n.id, n.name, n.url
            order by s.name, n.name
            """,
            new
            {
                sites = found.Leads.Select(lead => lead.SiteId).ToArray(), leads = found.Leads.Select(lead => lead.LeadId).ToArray(),
            }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>In the list of each site where something was found, or else once: whoever asks in vain has asked, too.</summary>
    private async Task Audit(
        FoundPerson found, Guid? site, string action, string what, string? reason, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        foreach (var one in found.Sites.Cast<Guid?>().DefaultIfEmpty(site))
        {
            await change.Connection.ExecuteAsync(
                """
                insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
                values (current_setting('router.actor'), @action, 'person', @id, @subject, @one,
                        jsonb_build_object(@what::text, jsonb_build_array(null, @count)))
                """,
                new
                {
                    action, id = $"{id:D}", subject = reason?.Trim() ?? "", one, what,
                    count = found.Leads.Count(lead => lead.SiteId == one),
                });
        }

        await change.Commit(cancellationToken);
    }
}
