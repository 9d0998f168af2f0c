using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>What the values of our fields are made from.</summary>
/// <param name="Lead">The event as accepted.</param>
/// <param name="Body">Its body.</param>
/// <param name="SiteDomain">The site's domain, without a scheme.</param>
/// <param name="LoginUrlTemplate">The site's login URL with <c>{lead_id}</c> in it, or null when it has none.</param>
internal readonly record struct OutgoingFacts(LeadEvent Lead, JsonElement Body, string SiteDomain, string? LoginUrlTemplate);

/// <summary>A field that we set in what receivers get.</summary>
public sealed record OutgoingField
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>For receivers, in one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Whether events of this action have it.</summary>
    public required Predicate<LeadAction> IsFor { get; init; }

    /// <summary>Its value; null to leave the sender's alone.</summary>
    internal Func<OutgoingFacts, string?> Value { get; init; } = _ => null;
}

/// <summary>
/// The fields that we set (contract, section 2), in their order behind the sender's own. <c>partner_id</c> isn't among them: it differs by
/// destination.
/// </summary>
public static class OutgoingFields
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<OutgoingField> All =
    [
        new() { Name = "action", Description = "What happened, as in the header X-Lead-Router-Action.", IsFor = _ => true, Value = facts =>
            facts.Lead.Action.Text() },
        new()
        {
            Name = "id", IsFor = _ => true, Value = facts => facts.Lead.LeadId,
            Description = "The lead's id as the sender spells it; the user's id for user_updated; "
                + "the message id for integration_enabled and integration_disabled.",
        },
        new() { Name = "site_uuid", Description = "The site.", IsFor = _ => true, Value = facts => facts.Lead.SiteId.ToString("D") },
        new() { Name = "site_domain", Description = "The site's domain.", IsFor = action =>
            action != LeadAction.UserUpdated, Value = facts => facts.SiteDomain },
        new()
        {
            Name = LoginUrl.Field, Description = "Where this lead signs in to the site; missing when the site has no such page.",
            IsFor = LeadActions.IsAboutLead,
            Value = facts => facts.LoginUrlTemplate is { } template ? LoginUrl.Of(template, facts.Lead.LeadId) : null,
        },
        new() { Name = "source_system", Description = "Which system sent it.", IsFor = LeadActions.IsAboutLead, Value = facts =>
            facts.Lead.SourceSystem },
        new()
        {
            Name = "source", Description = "The sender's, else which system sent it.", IsFor = action =>
                action.FollowsALead(),
            // An empty string of an update stays: it says that the field was emptied.
            Value = facts => JsonText.Last(facts.Body, "source") is var source && (JsonText.IsGiven(source) || IsEmptied(source)) ? null
                : facts.Lead.SourceSystem,
        },
        new()
        {
            Name = "created", Description = "When the lead came into being: the sender's, else the time of acceptance.", IsFor = action =>
                action == LeadAction.Created,
            Value = facts => JsonText.IsGiven(JsonText.Last(facts.Body, "created")) ? null : Timestamps.Format(facts.Lead.AcceptedAt),
        },
    ];

    private static bool IsEmptied(JsonElement value) => value.ValueKind is JsonValueKind.String && JsonText.Of(value).Length == 0;
}
