using System.Text.Json.Serialization;
using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>A destination as people see it: everything but its secrets, and what it has of its own.</summary>
internal sealed record Destination : OwnSettings
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary><c>lead_manager</c>, <c>registered</c> or <c>custom</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The integration of the catalogue that it follows, when it is a registered one.</summary>
    public required Guid? IntegrationId { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Where leads are POSTed.</summary>
    public required string Url { get; init; }

    /// <summary>Put into each body.</summary>
    public required string PartnerId { get; init; }

    /// <summary>Whether it gets leads.</summary>
    public required bool Active { get; init; }

    /// <summary>Why it was deactivated, when the router did it.</summary>
    public required string? InactiveReason { get; init; }

    /// <summary><c>lead_router</c>, <c>standard_webhooks</c> or <c>both</c>.</summary>
    public required string Signature { get; init; }

    /// <summary>Until then the secret before the present one signs too (Standard Webhooks).</summary>
    public required DateTimeOffset? PreviousSecretUntil { get; init; }

    /// <summary>How our events become its requests; null for our own format, or for its integration's.</summary>
    public required RequestMapping? Mapping { get; init; }

    /// <summary>What its answers mean; null for the usual, or for what its integration says.</summary>
    public required AnswerRule[]? AnswerRules { get; init; }

    /// <summary>What each request carries besides ours; the values are never shown.</summary>
    public required string[] HeaderNames { get; init; }

    /// <summary>By which its requests get an access token; the client secret is never shown. Null where they carry none.</summary>
    public required Oauth? Oauth { get; init; }

    /// <summary>What its connections present; the key is never shown. Null for none.</summary>
    public required ShownCertificate? ClientCertificate { get; init; }

    /// <summary>Since when its deliveries are held rather than sent; null when it isn't paused.</summary>
    public required DateTimeOffset? PausedAt { get; init; }

    /// <summary><c>owner</c>: until somebody resumes it; <c>router</c>: until a probe gets through.</summary>
    public required string? PausedBy { get; init; }

    internal bool IsPausedByRouter => PausedBy == PauseOwner.Router.Text();

    /// <summary>Why the router paused it.</summary>
    public required string? PauseReason { get; init; }

    /// <summary>When it passed the go-live check with the URL and secret that it has now.</summary>
    public required DateTimeOffset? ProvenAt { get; init; }

    /// <summary>After a change that deactivated it: how many waiting deliveries were canceled.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CanceledDeliveries { get; init; }
}
