using System.Text.Json.Serialization;
using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>A destination as people see it: everything but its secrets.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind"><c>lead_manager</c>, <c>registered</c> or <c>custom</c>.</param>
/// <param name="IntegrationId">The integration of the catalogue that it follows, when it is a registered one.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Url">Where leads are POSTed.</param>
/// <param name="PartnerId">Put into each body.</param>
/// <param name="Active">Whether it gets leads.</param>
/// <param name="InactiveReason">Why it was deactivated, when the router did it.</param>
/// <param name="Signature"><c>lead_router</c>, <c>standard_webhooks</c> or <c>both</c>.</param>
/// <param name="PreviousSecretUntil">Until then the secret before the present one signs too (Standard Webhooks).</param>
/// <param name="MaxInFlight">Requests in flight from each worker; null for the default.</param>
/// <param name="MaxPerSecond">Leads a second at most, from all workers together; null for no limit.</param>
/// <param name="RetrySchedule">Seconds before each retry; null for the default.</param>
/// <param name="Timeout">Seconds that a request may take; null for the default.</param>
/// <param name="TimeToLive">Seconds after which a lead that hasn't arrived is given up; null for never.</param>
/// <param name="QuietHours">When nothing is sent; null for never.</param>
/// <param name="KeepOrder">Whether an event waits there until the earlier ones of its lead have been delivered or given up.</param>
/// <param name="Actions">
/// What it gets, of <c>created</c>, <c>updated</c>, <c>activity_added</c> and <c>user_updated</c>; null for everything.
/// </param>
/// <param name="Filter">Which new leads it gets, and so what follows them; null for all.</param>
/// <param name="Mapping">How our events become its requests; null for our own format, or for its integration's.</param>
/// <param name="AnswerRules">What its answers mean; null for the usual, or for what its integration says.</param>
/// <param name="HeaderNames">What each request carries besides ours; the values are never shown.</param>
/// <param name="Oauth">By which its requests get an access token; the client secret is never shown. Null where they carry none.</param>
/// <param name="ClientCertificate">What its connections present; the key is never shown. Null for none.</param>
/// <param name="PausedAt">Since when its deliveries are held rather than sent; null when it isn't paused.</param>
/// <param name="PausedBy"><c>owner</c>: until somebody resumes it; <c>router</c>: until a probe gets through.</param>
/// <param name="PauseReason">Why the router paused it.</param>
/// <param name="ProvenAt">When it passed the go-live check with the URL and secret that it has now.</param>
internal sealed record Destination(
    Guid Id, string Kind, Guid? IntegrationId, string Name, string Url, string PartnerId, bool Active, string? InactiveReason,
    string Signature,
    DateTimeOffset? PreviousSecretUntil, int? MaxInFlight, double? MaxPerSecond, int[]? RetrySchedule, int? Timeout, int? TimeToLive,
    QuietTimes? QuietHours, bool KeepOrder, string[]? Actions, LeadFilter? Filter, RequestMapping? Mapping, AnswerRule[]? AnswerRules,
    string[] HeaderNames, Oauth? Oauth, ShownCertificate? ClientCertificate, DateTimeOffset? PausedAt,
    string? PausedBy, string? PauseReason,
    DateTimeOffset? ProvenAt)
{
    /// <summary>After a change that deactivated it: how many waiting deliveries were canceled.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CanceledDeliveries { get; init; }
}

/// <summary>What may be said of a destination when it is created or changed. A change leaves alone what is absent.</summary>
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
/// <param name="MaxInFlight">Requests in flight from each worker, 1 to 10,000; 0 for the default: 32, Lead Manager 256.</param>
/// <param name="MaxPerSecond">
/// Leads a second at most, from all workers together, 0.1 to 1,000; 0 for no limit, which is the default. Fresh leads go before retries and
/// replays.
/// </param>
/// <param name="RetrySchedule">
/// Seconds before each retry: 1 to 20 of them, each from 1 to 172,800 (48 hours), together 604,800 (7 days) at most. Empty for the default:
/// eleven within about twenty hours.
/// </param>
/// <param name="Timeout">Seconds that a whole request may take, 1 to 60; 0 for the default, 15.</param>
/// <param name="TimeToLive">
/// Seconds after which a lead that hasn't arrived is given up as too old, 60 to 1,209,600 (14 days); 0 for never, which is the default.
/// Never Lead Manager.
/// </param>
/// <param name="QuietHours">When nothing is sent; empty for never, which is the default. Never Lead Manager.</param>
/// <param name="KeepOrder">
/// Whether an event waits until the earlier ones of its lead have been delivered or given up; default true. False: each comes as fast as it
/// can.
/// </param>
/// <param name="Actions">
/// What it gets, of <c>created</c>, <c>updated</c>, <c>activity_added</c> and <c>user_updated</c>; default all. Never Lead Manager.
/// </param>
/// <param name="Filter">
/// Which new leads it gets: all of the conditions must fit, or any of them. What follows a lead goes where the lead went. No conditions:
/// all leads. Never Lead Manager.
/// </param>
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
    string? PartnerId = null,
    bool? Active = null, string? Signature = null, int? MaxInFlight = null, bool? Paused = null, bool? KeepOrder = null,
    IReadOnlyDictionary<string, string?>? Headers = null, string[]? Actions = null,
    LeadFilter? Filter = null, double? MaxPerSecond = null, int[]? RetrySchedule = null, int? Timeout = null, int? TimeToLive = null,
    QuietTimes? QuietHours = null, RequestMapping? Mapping = null, AnswerRule[]? AnswerRules = null, string? Key = null,
    OauthFields? Oauth = null, ClientCertificateFields? ClientCertificate = null);

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
