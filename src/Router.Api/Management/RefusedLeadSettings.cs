using System.Text.Json;
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
    // A page of them is decrypted at once.
    private const int LargestLookedInto = 64 * 1024;

    private static readonly Refusal NoSuch = Refusal.NoSuch("refused lead");

    private static readonly Refusal Gone = Refusal.Conflict("Somebody else has just dealt with it.");

    private static readonly Refusal NoContents = Refusal.Conflict(
        "Its contents were too large to be kept, or the keys that decrypt them are gone. Only its sender can send it again.");

    /// <summary>The body as it was sent; null when there is none. That an operator looked is written down: it is a person's.</summary>
    public async Task<byte[]?> Show(Guid site, Guid id, CancellationToken cancellationToken)
    {
        if (await Body(site, id, cancellationToken) is not { } body)
            return null;

        if (!changes.Account.MaySeeLeads(site))
            await Audit(site, $"{id:D}", "shown", "contents", 1);
        return body;
    }

    /// <summary>The same for the program alone: nobody sees it.</summary>
    public async Task<byte[]?> Body(Guid site, Guid id, CancellationToken cancellationToken) =>
        await leads.Contents(site, id, cancellationToken) is { } encrypted ? contents.TryUnprotect(encrypted) : null;

    /// <summary>Who they are about, as far as that can be read; for those alone who may see the site's leads.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> People(Guid site, Guid[] ids, CancellationToken cancellationToken)
    {
        var people = new Dictionary<Guid, string>();
        if (!changes.Account.MaySeeLeads(site))
            return people;

        foreach (var (id, encrypted) in await leads.Contents(site, ids, LargestLookedInto, cancellationToken))
        {
            if (contents.TryUnprotect(encrypted) is { } body && Person(body) is { } person)
                people[id] = person;
        }

        return people;
    }

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
            await Done(refused, corrected is null ? "accepted" : "corrected and accepted");
        return accepted;
    }

    /// <summary>
    /// Takes in, the oldest first, what a product sent and was refused for one reason, as it was sent: for when the reason is no more.
    /// </summary>
    public async Task<AcceptedAll> AcceptAll(Guid site, string product, string reason, CancellationToken cancellationToken)
    {
        var all = await leads.Newest(site, product, reason, after: null, RefusedLeads.MostOfProduct, cancellationToken);
        var (accepted, gone) = (0, 0);
        try
        {
            foreach (var refused in all.AsEnumerable().Reverse())
            {
                var taken = await Take(refused, corrected: null, cancellationToken);
                if (taken.Refusal is null)
                {
                    accepted++;
                    await Forget(refused);
                }
                else if (taken.Refusal == Gone)
                {
                    gone++;
                }
            }
        }
        finally
        {
            // Also of a part, where somebody has stopped waiting.
            if (accepted > 0)
                await Audit(site, $"{product}: {reason}", "changed", "accepted", accepted);
        }

        return new AcceptedAll(accepted, all.Count - accepted - gone);
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
        ClaimedEvent? claimed = null;
        var error = await intake.TakeRefused(
            refused, product, body, async () => claimed = await leads.Claim(
                refused.SiteId, refused.Id, body, Guid.CreateVersion7(now), now, CancellationToken.None));
        if (error is null)
            return claimed is null ? Gone : claimed.EventId;
        if (error.Status is StatusCodes.Status503ServiceUnavailable)
            return new Refusal(error.Status, "It could not be stored; try again in a moment.");

        var problems = new FieldProblems();
        problems.Add("contents", error.Sentence);
        return Refusal.Invalid(problems);
    }

    // What is accepted is accepted: nobody's patience ends these.
    private async Task Done(RefusedLead refused, string what)
    {
        await using var change = await changes.Begin(CancellationToken.None);
        await Forget(change, refused);
        await Audit(change, refused.SiteId, $"{refused.Id:D}", "changed", what, 1);
        await change.Commit(CancellationToken.None);
    }

    private async Task Forget(RefusedLead refused)
    {
        await using var change = await changes.Begin(CancellationToken.None);
        await Forget(change, refused);
        await change.Commit(CancellationToken.None);
    }

    private static Task<int> Forget(ConfigurationChange change, RefusedLead refused) => RefusedLeads.Delete(
        change.Connection, refused.SiteId, refused.Id, product: null, reason: null, CancellationToken.None);

    private async Task Audit(Guid site, string subject, string action, string what, int count)
    {
        await using var change = await changes.Begin(CancellationToken.None);
        await Audit(change, site, subject, action, what, count);
        await change.Commit(CancellationToken.None);
    }

    private static Task<int> Audit(ConfigurationChange change, Guid site, string subject, string action, string what, int count) =>
        change.Connection.ExecuteAsync(
            """
            insert into audit_log (actor, action, kind, subject_id, subject, site_id, changes)
            values (current_setting('router.actor'), @action, 'refused_leads', @subject, @subject, @site,
                    jsonb_build_object(@what::text, jsonb_build_array(null, @count)))
            """, new { action, subject, site, what, count });

    /// <summary>Null where it isn't even JSON, which may be why it was refused.</summary>
    private static string? Person(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return LeadPerson.Of(document.RootElement).Line;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
