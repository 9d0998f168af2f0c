using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>An integration of the catalogue.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What the card says.</param>
/// <param name="Description">What it does for a site, in a sentence or two.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID, for example "Account ID"; null: a site isn't asked for one.</param>
/// <param name="PartnerIdHelp">Where a site's owner finds it.</param>
/// <param name="KeyLabel">What its maker calls the secret that a site's owner pastes, for example "API key"; null for none.</param>
/// <param name="KeyHelp">Where a site's owner finds it.</param>
/// <param name="Published">Whether sites can connect to it.</param>
/// <param name="KeyHeader">The header that carries the key. This and what follows is for operators.</param>
/// <param name="KeyScheme">How: <c>plain</c>, <c>bearer</c>, or <c>basic</c> (as the username, with an empty password).</param>
/// <param name="Url">Where leads are POSTed.</param>
/// <param name="Signature">How requests are signed.</param>
/// <param name="HeaderNames">What each request carries for all sites; the values are never shown.</param>
/// <param name="Mapping">How our events become its requests; null for our own format.</param>
/// <param name="AnswerRules">What its answers mean; null for the usual.</param>
/// <param name="Connected">How many sites are connected.</param>
internal sealed record Integration(
    Guid Id, string Name, string Description, string? PartnerIdLabel, string PartnerIdHelp, string? KeyLabel, string KeyHelp,
    bool Published, string? KeyHeader, string? KeyScheme, string? Url, string? Signature, string[]? HeaderNames, RequestMapping? Mapping,
    AnswerRule[]? AnswerRules, int? Connected)
{
    /// <summary>What a site's owner needs of it; what the router sends where is the operators' business.</summary>
    public Integration ToCard() => this with
    {
        KeyHeader = null, KeyScheme = null, Url = null, Signature = null, HeaderNames = null, Mapping = null, AnswerRules = null,
        Connected = null,
    };
}

/// <summary>What may be said of an integration. A change leaves alone what is absent.</summary>
/// <param name="Name">What the card says.</param>
/// <param name="Description">What it does for a site, in a sentence or two.</param>
/// <param name="Url">Where leads are POSTed.</param>
/// <param name="Secret">The key of its signatures; never shown again.</param>
/// <param name="Signature"><c>lead_router</c> (default), <c>standard_webhooks</c> or <c>both</c>.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID; empty: sites aren't asked for one.</param>
/// <param name="PartnerIdHelp">Where a site's owner finds it.</param>
/// <param name="Published">Whether sites can connect to it; default false.</param>
/// <param name="KeyLabel">What its maker calls the secret that a site's owner pastes; empty: none.</param>
/// <param name="KeyHelp">Where a site's owner finds it.</param>
/// <param name="KeyHeader">The header that carries the key; default <c>Authorization</c>.</param>
/// <param name="KeyScheme"><c>plain</c>, <c>bearer</c> (default) or <c>basic</c>: as the username, with an empty password.</param>
/// <param name="Headers">
/// What each request carries for all sites, by name, 10 at most. A value is never shown again; null takes a header away.
/// </param>
/// <param name="Mapping">How our events become its requests, as of a destination. No actions: our own format.</param>
/// <param name="AnswerRules">What its answers mean, as of a destination. None: the usual.</param>
/// <param name="ReadyMade">On creation: the id of a ready-made integration that says what is absent here.</param>
/// <param name="SharedHeaders">
/// On promotion: which of the destination's headers are sent for all sites from then on. The others stay the site's own.
/// </param>
internal sealed record IntegrationFields(
    string? Name = null, string? Description = null, string? Url = null, string? Secret = null, string? Signature = null,
    string? PartnerIdLabel = null,
    string? PartnerIdHelp = null, bool? Published = null, string? KeyLabel = null, string? KeyHelp = null, string? KeyHeader = null,
    string? KeyScheme = null, IReadOnlyDictionary<string, string?>? Headers = null, RequestMapping? Mapping = null,
    AnswerRule[]? AnswerRules = null, string[]? SharedHeaders = null, string? ReadyMade = null)
{
    /// <summary>With what a ready-made integration says.</summary>
    public IntegrationFields From(ReadyMadeIntegration ready) => this with
    {
        Name = Name ?? ready.Name, Description = Description ?? ready.Description, Url = Url ?? ready.Url,
        PartnerIdLabel = PartnerIdLabel ?? ready.PartnerIdLabel, PartnerIdHelp = PartnerIdHelp ?? ready.PartnerIdHelp,
        KeyLabel = KeyLabel ?? ready.KeyLabel, KeyHelp = KeyHelp ?? ready.KeyHelp, KeyHeader = KeyHeader ?? ready.KeyHeader,
        KeyScheme = KeyScheme ?? ready.KeyScheme, Mapping = Mapping ?? ready.Mapping, AnswerRules = AnswerRules ?? ready.AnswerRules,
        // Its maker doesn't verify our signature, so nobody needs to know this one.
        Secret = Secret ?? WebhookSecret.Generate(),
    };

    /// <summary>With what goes without saying of a key.</summary>
    public IntegrationFields WithKeyDefaults() =>
        string.IsNullOrEmpty(KeyLabel) ? this : this with { KeyHeader = KeyHeader ?? "Authorization", KeyScheme = KeyScheme ?? "bearer" };
}
