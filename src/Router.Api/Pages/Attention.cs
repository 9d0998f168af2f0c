using Router.Core.Alerts;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Intake;

namespace Router.Api.Pages;

/// <summary>Something that needs a person, as the pages show it.</summary>
/// <param name="Headline">What is wrong, in one sentence.</param>
/// <param name="State">The same in a word or two.</param>
/// <param name="IsBad">Whether it is worse than a warning.</param>
/// <param name="SiteId">Its site; null where a product is in trouble.</param>
/// <param name="SiteName">The site's name.</param>
/// <param name="Since">When it began; null where only finding it told.</param>
/// <param name="SinceBefore">Whether it began even earlier.</param>
/// <param name="Why">Why, in words.</param>
/// <param name="WhatToDo">What happens by itself, and what a person can do.</param>
/// <param name="Link">Where more about it is, and what that is called.</param>
/// <param name="TryNow">The destination whose waiting deliveries may be tried at once; null where there are none.</param>
/// <param name="LeaveOff">The destination that the router has switched off, for whoever agrees; null where there is none.</param>
internal sealed record AttentionItem(
    string Headline, string State, bool IsBad, Guid? SiteId, string? SiteName, DateTimeOffset? Since, bool SinceBefore, string Why,
    string WhatToDo, (string Path, string Words) Link, Guid? TryNow = null, Guid? LeaveOff = null);

/// <summary>
/// What needs a person: how destinations do this moment, and what workers found that only a look at everything tells. The gravest first.
/// </summary>
internal sealed class Attention(TroubledDestinations troubled, OpenTroubles open, RefusedLeads refused, TimeProvider time)
{
    private static readonly TroubleKind[] Found =
        [TroubleKind.SwitchedOff, TroubleKind.RefusingAll, TroubleKind.CertificateExpiring, TroubleKind.Silent, TroubleKind.ProductRefused];

    /// <summary>Of these sites.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="most">The most that is listed.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    public async Task<IReadOnlyList<AttentionItem>> Of(IReadOnlyCollection<Guid> sites, int most, CancellationToken cancellationToken)
    {
        var rows = await troubled.List(sites, most, cancellationToken);
        var others = await open.List(sites, Found, most, cancellationToken);
        var corrections = await refused.OfSites(sites, most, cancellationToken);
        return [.. rows.Where(row => row.Active).SelectMany(Items).Concat(others.Select(Item)).Concat(corrections.Select(Item))
            .OrderBy(item => !item.IsBad).Take(most)];
    }

    /// <summary>What workers found, of all sites and products.</summary>
    public async Task<IReadOnlyList<AttentionItem>> FoundAnywhere(int most, CancellationToken cancellationToken) =>
        [.. (await open.List(sites: null, Found, most, cancellationToken)).Select(Item)];

    private IEnumerable<AttentionItem> Items(TroubledDestination row)
    {
        var why = row.LastStatus is null && row.LastError is null ? row.PauseReason ?? "" : Advice.Summary(row.LastStatus, row.LastError);
        Trouble Of(TroubleKind kind, int count, string detail, DateTimeOffset? since) => new(
            Guid.Empty, kind, row.SiteId, row.SiteName, row.DestinationId, row.DestinationName, Product: null, since ?? default,
            EndedAt: null, count, detail);

        if (row is { PausedBy: PauseOwner.Owner, Held: > 0 })
        {
            yield return new AttentionItem(
                $"{Amount.Of(row.Held, "delivery is", "deliveries are")} on hold for {row.DestinationName}", "paused", IsBad: false,
                row.SiteId, row.SiteName, row.PausedAt, SinceBefore: false, Why: "",
                "Somebody has paused it. Nothing is lost: resume it, and they are sent.",
                ($"/sites/{row.SiteId}/destinations/{row.DestinationId}", $"{row.DestinationName}: resume it"));
        }
        else if (row.PausedBy is not PauseOwner.Owner && (row.PausedAt ?? row.FailingSince) is not null)
        {
            var kind = row.PausedAt is null ? TroubleKind.Failing : TroubleKind.OnHold;
            yield return Item(
                Of(kind, row.Waiting + row.Held, why, row.FailingSince ?? row.PausedAt),
                Advice.WhatToDo(row.LastStatus, row.LastError, TimeSpan.Zero) ?? "") with
            {
                SinceBefore = row.HasMore, TryNow = row.PausedAt is null && row.Waiting > 0 ? row.DestinationId : null,
            };
        }

        if (row.Dead > 0)
        {
            yield return Item(Of(TroubleKind.GivenUp, row.Dead, "", since: null)) with
            {
                Since = null,
                WhatToDo = row.FailingSince is null ? "It is well again: send them again." : "Fix the cause first, then send them again.",
            };
        }
    }

    private static AttentionItem Item(RefusedOfSite site) => new(
        $"{Amount.Of(site.Count, "lead was", "leads were")} refused and reached no destination", "refused", IsBad: false, site.SiteId,
        site.SiteName, site.Since, SinceBefore: false, site.Reason,
        "Correct what is wrong and accept it, or have the website corrected.",
        ($"/sites/{site.SiteId}/refused", "See what was refused"));

    private AttentionItem Item(Trouble trouble) => Item(trouble, advice: "");

    private AttentionItem Item(Trouble trouble, string advice)
    {
        var (state, isBad, words) = trouble.Kind switch
        {
            TroubleKind.Failing => ("failing", true, "Its answers and settings"),
            TroubleKind.OnHold => ("on hold", true, "Its answers and settings"),
            TroubleKind.SwitchedOff => ("switched off", true, "Its settings"),
            TroubleKind.RefusingAll => ("refusing", false, "Its answers and settings"),
            TroubleKind.CertificateExpiring => ("expiring", false, "Its client certificate"),
            TroubleKind.GivenUp => ("failed for good", true, "See them, and send them again"),
            TroubleKind.Silent => ("silent", false, "Its leads"),
            TroubleKind.ProductRefused => ("refused", true, "What was refused, and why"),
            TroubleKind.OutboxWaiting => ("waiting", true, "What each part says"),
            TroubleKind.SetAside => ("set aside", true, "What is set aside"),
        };
        return new AttentionItem(
            TroubleWords.Headline(trouble, time.GetUtcNow()), state, isBad, trouble.SiteId, trouble.SiteName, trouble.Since,
            SinceBefore: false, trouble.Detail, TroubleWords.WhatToDo(trouble, advice), (AlertText.Path(trouble), words),
            LeaveOff: trouble.Kind == TroubleKind.SwitchedOff ? trouble.DestinationId : null);
    }
}
