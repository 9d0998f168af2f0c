using Dapper;
using Router.Api.Changes;
using Router.Api.Incoming;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>What became of all that were refused for one reason.</summary>
/// <param name="Accepted">How many are accepted now.</param>
/// <param name="Refused">How many are still refused.</param>
internal sealed record AcceptedAll(int Accepted, int Refused);

/// <summary>What people do with leads that were refused, with a word in the audit log for each.</summary>
internal sealed class RefusedLeadSettings(
    ConfigurationChanges changes, RefusedLeads leads, RefusedContents contents, ProductDirectory products, LeadIntake intake,
    TimeProvider time)
{
    private static readonly Refusal NoSuch = Refusal.NoSuch("refused lead");

    private static readonly Refusal NoContents = Refusal.Conflict(
        "Its contents were too large to be kept, or the keys that decrypt them are gone. Only its sender can send it again.");

    /// <summary>The body as it was sent; null when there is none. That an operator looked is written down: it is a person's.</summary>
    public async Task<byte[]?> Show(Guid site, Guid id, CancellationToken cancellationToken)
    {
        if (await Body(site, id, cancellationToken) is not { } body)
            return null;

        if (!changes.Account.Owns(site))
            await Audit(site, $"{id:D}", "shown", "contents", 1, cancellationToken);
        return body;
    }

    /// <summary>The same for the program alone: nobody sees it.</summary>
    public async Task<byte[]?> Body(Guid site, Guid id, CancellationToken cancellationToken) =>
        await leads.Contents(site, id, cancellationToken) is { } encrypted ? contents.TryUnprotect(encrypted) : null;

    /// <summary>Takes it in as if it had just come; the event's id.</summary>
    /// <param name="site">The site.</param>
    /// <param name="id">The refused lead.</param>
    /// <param name="corrected">The body to take; null for the one that was sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Change<Guid>> Accept(Guid site, Guid id, byte[]? corrected, CancellationToken cancellationToken)
    {
        if (await leads.Find(site, id, cancellationToken) is not { } refused)
            return NoSuch;

        var accepted = await Take(refused, corrected, cancellationToken);
        if (accepted.Refusal is null)
            await Done(refused, $"{id:D}", corrected is null ? "accepted" : "corrected and accepted", 1, cancellationToken);
        return accepted;
    }

    /// <summary>
    /// Takes in, the oldest first, what a product sent and was refused for one reason, as it was sent: for when the reason is no more.
    /// </summary>
    public async Task<AcceptedAll> AcceptAll(Guid site, string product, string reason, CancellationToken cancellationToken)
    {
        var all = await leads.Newest(site, product, reason, after: null, RefusedLeads.MostOfProduct, cancellationToken);
        var accepted = 0;
        foreach (var refused in all.AsEnumerable().Reverse())
        {
            if ((await Take(refused, corrected: null, cancellationToken)).Refusal is not null)
                continue;

            await Forget(refused, cancellationToken);
            accepted++;
        }

        if (accepted > 0)
            await Audit(site, $"{product}: {reason}", "changed", "accepted", accepted, cancellationToken);
        return new AcceptedAll(accepted, all.Count - accepted);
    }

    /// <summary>Deletes one, or all of a product that were refused for one reason; how many.</summary>
    public async Task<int> Delete(Guid site, Guid? id, string? product, string? reason, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var count = await RefusedLeads.Delete(change.Connection, site, id, product, reason, cancellationToken);
        if (count > 0)
            await Audit(change, site, id?.ToString("D") ?? $"{product}: {reason}", "deleted", "deleted", count);
        await change.Commit(cancellationToken);
        return count;
    }

    private async Task<Change<Guid>> Take(RefusedLead refused, byte[]? corrected, CancellationToken cancellationToken)
    {
        if (await products.Find(refused.Product, cancellationToken) is not { } product || !product.Sites.Contains(refused.SiteId))
            return Refusal.Conflict($"The product {refused.Product} may no longer send for this site. Give it the site again first.");
        if ((corrected ?? await Body(refused.SiteId, refused.Id, cancellationToken)) is not { } body)
            return NoContents;

        var now = Timestamps.ToMicroseconds(time.GetUtcNow());
        var eventId = Guid.CreateVersion7(now);
        var error = await intake.TakeRefused(refused, product, body, async () =>
        {
            var claimed = await leads.Claim(refused.SiteId, refused.Id, eventId, now, CancellationToken.None)
                ?? throw new BadHttpRequestException("Somebody else has just dealt with it.", StatusCodes.Status409Conflict);
            eventId = claimed.EventId;
            return claimed;
        });
        if (error is null)
            return eventId;
        if (error.Status is StatusCodes.Status503ServiceUnavailable)
            return new Refusal(error.Status, "It could not be stored; try again in a moment.");

        var problems = new FieldProblems();
        problems.Add("contents", error.Sentence);
        return Refusal.Invalid(problems);
    }

    private async Task Done(RefusedLead refused, string subject, string what, int count, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await RefusedLeads.Delete(change.Connection, refused.SiteId, refused.Id, product: null, reason: null, cancellationToken);
        await Audit(change, refused.SiteId, subject, "changed", what, count);
        await change.Commit(cancellationToken);
    }

    private async Task Forget(RefusedLead refused, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await RefusedLeads.Delete(change.Connection, refused.SiteId, refused.Id, product: null, reason: null, cancellationToken);
        await change.Commit(cancellationToken);
    }

    private async Task Audit(
        Guid site, string subject, string action, string what, int count, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await Audit(change, site, subject, action, what, count);
        await change.Commit(cancellationToken);
    }

    private static Task<int> Audit(ConfigurationChange change, Guid site, string subject, string action, string what, int count) =>
        change.Connection.ExecuteAsync(
            """
            insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
            values (current_setting('router.actor'), @action, 'refused_leads', @subject, @subject, @site,
                    jsonb_build_object(@what::text, jsonb_build_array(null, @count)))
            """, new { action, subject, site, what, count });
}
