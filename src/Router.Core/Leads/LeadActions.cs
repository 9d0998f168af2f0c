using System.Text.Json.Serialization;

namespace Router.Core.Leads;

/// <summary>What happened to a lead: the value of <c>action</c> and of <c>X-Lead-Router-Action</c>.</summary>
[JsonConverter(typeof(LeadActionJson))]
public enum LeadAction
{
    /// <summary>A new lead.</summary>
    Created,

    /// <summary>Some fields of a lead changed; only those travel.</summary>
    Updated,

    /// <summary>Activities were added to a lead.</summary>
    ActivityAdded,

    /// <summary>A user of the site was changed or deleted in Lead Manager.</summary>
    UserUpdated,

    /// <summary>To a destination alone: it was activated.</summary>
    IntegrationEnabled,

    /// <summary>To a destination alone: it was deactivated or deleted.</summary>
    IntegrationDisabled,
}

/// <summary>The words for actions: on the wire, in the database, in JSON and in URLs; and what the actions have in common.</summary>
public static class LeadActions
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<LeadAction> All = Enum.GetValues<LeadAction>();

    /// <summary>What a destination can choose among.</summary>
    public static readonly IReadOnlyList<LeadAction> Chosen = [.. All.Where(action => !action.IsAboutDestination())];

    private static readonly Dictionary<string, LeadAction> ByText = All.ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this LeadAction action) => action switch
    {
        LeadAction.Created => "created",
        LeadAction.Updated => "updated",
        LeadAction.ActivityAdded => "activity_added",
        LeadAction.UserUpdated => "user_updated",
        LeadAction.IntegrationEnabled => "integration_enabled",
        LeadAction.IntegrationDisabled => "integration_disabled",
    };

    /// <summary>The action of that word; null when there is none.</summary>
    public static LeadAction? TryParse(string? text) => text is not null && ByText.TryGetValue(text, out var action) ? action : null;

    /// <summary>The action of a word from the database.</summary>
    public static LeadAction Parse(string text) => ByText[text];

    /// <summary>Whether the event is about a lead, rather than a user or the destination itself.</summary>
    public static bool IsAboutLead(this LeadAction action) => action switch
    {
        LeadAction.Created or LeadAction.Updated or LeadAction.ActivityAdded => true,
        LeadAction.UserUpdated or LeadAction.IntegrationEnabled or LeadAction.IntegrationDisabled => false,
    };

    /// <summary>Whether the event is about a lead that was created before.</summary>
    public static bool FollowsALead(this LeadAction action) => action.IsAboutLead() && action != LeadAction.Created;

    /// <summary>Whether the event may come after others of its lead or user, and must not overtake them.</summary>
    public static bool MayFollow(this LeadAction action) => action.FollowsALead() || action == LeadAction.UserUpdated;

    /// <summary>Whether the event says all that an earlier one of the same action said, so that nobody needs that one any more.</summary>
    public static bool SaysAllAgain(this LeadAction action) => !action.IsAboutLead();

    /// <summary>Whether the event goes to one destination whatever its Active flag says: it is about that flag.</summary>
    public static bool IsAboutDestination(this LeadAction action) => action switch
    {
        LeadAction.IntegrationEnabled or LeadAction.IntegrationDisabled => true,
        LeadAction.Created or LeadAction.Updated or LeadAction.ActivityAdded or LeadAction.UserUpdated => false,
    };
}

/// <summary>An action as JSON.</summary>
internal sealed class LeadActionJson() : WordJson<LeadAction>(LeadActions.Text, LeadActions.TryParse);
