using System.Text.Json.Serialization;
using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>
/// What may be said of a destination when it is created or changed, with what it can have of its own. A change leaves alone what is absent.
/// </summary>
/// <param name="IntegrationId">On creation: the integration to connect; then only its name, Partner ID and Active are the site's.</param>
/// <param name="Name">What its owner calls it; default the integration's name.</param>
/// <param name="Url">Where leads are POSTed: https, on the public internet; anything else only where the operator allows it.</param>
/// <param name="Secret">
/// The key of its signatures; never shown again. A changed one goes on signing for 24 hours where a header can hold two.
/// </param>
/// <param name="GenerateSecret">On creation, instead of a secret: one is made and shown in this answer only.</param>
/// <param name="PartnerId">Put into each body.</param>
/// <param name="Active">Whether it gets leads; default true.</param>
/// <param name="Paused">On a change: true holds what it should get, false lets it go on. Never Lead Manager.</param>
/// <param name="Mapping">
/// How our events become its requests: JSON or a form, by a template or a table for each action; an action that isn't named isn't sent.
/// No actions: our own format. Custom APIs only; its tests must hold.
/// </param>
/// <param name="AnswerRules">
/// What its answers mean where that isn't what their status says, 20 at most; the first that fits counts. None: the usual. Custom APIs
/// only.
/// </param>
/// <param name="Key">The key that its integration asks for; never shown again. Only where the integration asks for one.</param>
/// <param name="Headers">
/// What each request is to carry besides ours, by name: an API key and the like, 10 at most. A value is never shown again; null takes a
/// header away, and what isn't named stays.
/// </param>
/// <param name="Oauth">
/// By which each request gets an access token (<c>Authorization: Bearer</c>): OAuth 2.0 client credentials. An empty object takes it away.
/// </param>
/// <param name="ClientCertificate">What connections present to the receiver (mTLS). An empty object takes it away.</param>
/// <param name="Signature">
/// <c>lead_router</c> (default), <c>standard_webhooks</c> or <c>both</c>; the latter two need a <c>whsec_</c> secret.
/// </param>
internal sealed record DestinationFields(
    Guid? IntegrationId = null, string? Name = null, string? Url = null, string? Secret = null, bool? GenerateSecret = null,
    string? PartnerId = null, bool? Active = null, string? Signature = null, bool? Paused = null,
    IReadOnlyDictionary<string, string?>? Headers = null, RequestMapping? Mapping = null, AnswerRule[]? AnswerRules = null,
    string? Key = null, OauthFields? Oauth = null, ClientCertificateFields? ClientCertificate = null) : OwnSettings
{
    /// <summary>
    /// Whether it changes who gets the leads: by the address, or by whatever tells a receiver with many customers whose they are.
    /// </summary>
    internal bool SaysWhere =>
        (Url ?? PartnerId ?? Key) is not null || Headers is not null || Oauth is not null || ClientCertificate is not null;

    /// <summary>Whether it changes which leads are sent, or what is made of them.</summary>
    internal bool SaysWhich => Filter is not null || Actions is not null || Mapping is not null || AnswerRules is not null;
}

/// <summary>A new destination, with its secret if that was generated.</summary>
internal sealed record CreatedDestination(
    Guid Id, string Kind, Guid? IntegrationId, string Name, string Url, string PartnerId, bool Active, string Signature, string? Secret);

/// <summary>A rotation of a secret.</summary>
/// <param name="Secret">The new one; absent: a <c>whsec_</c> secret is generated.</param>
/// <param name="OverlapHours">How long the old one signs too (Standard Webhooks), 0 to 168; default 24. Zero for a leaked secret.</param>
internal sealed record NewSecret(string? Secret = null, double? OverlapHours = null)
{
    /// <summary>
    /// Set by the page: within five minutes of the rotation before, the secret before that one stays. Nobody has seen the one between when
    /// a button was pressed twice.
    /// </summary>
    internal bool KeepsOldest { get; init; }
}

/// <summary>The outcome of a rotation.</summary>
/// <param name="Secret">The generated secret, shown this once; null when the caller gave its own.</param>
/// <param name="PreviousSecretUntil">When the old one ends.</param>
internal sealed record RotatedSecret(string? Secret, DateTimeOffset? PreviousSecretUntil)
{
    /// <summary>What is wrong with a secret that the caller gave; null when nothing is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }
}
