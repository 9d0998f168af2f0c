namespace Router.Core.Leads;

/// <summary>What happened to a lead: the value of <c>action</c> and of <c>X-Lead-Router-Action</c>.</summary>
public static class LeadActions
{
    /// <summary>A new lead.</summary>
    public const string Created = "created";

    /// <summary>Some fields of a lead changed; only those travel.</summary>
    public const string Updated = "updated";

    /// <summary>Activities were added to a lead.</summary>
    public const string ActivityAdded = "activity_added";

    /// <summary>A user of the site was changed or deleted in Lead Manager.</summary>
    public const string UserUpdated = "user_updated";

    /// <summary>To a destination alone: it was activated.</summary>
    public const string IntegrationEnabled = "integration_enabled";

    /// <summary>To a destination alone: it was deactivated or deleted.</summary>
    public const string IntegrationDisabled = "integration_disabled";

    /// <summary>What a destination can choose among.</summary>
    public static readonly IReadOnlyList<string> Chosen = [Created, Updated, ActivityAdded, UserUpdated];

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [.. Chosen, IntegrationEnabled, IntegrationDisabled];

    /// <summary>Whether the event is about a lead, rather than a user or the destination itself.</summary>
    public static bool IsAboutLead(string action) => action is Created or Updated or ActivityAdded;

    /// <summary>Whether the event is about a lead that was created before.</summary>
    public static bool FollowsALead(string action) => action is Updated or ActivityAdded;

    /// <summary>Whether the event may come after others of its lead or user, and must not overtake them.</summary>
    public static bool MayFollow(string action) => FollowsALead(action) || action == UserUpdated;

    /// <summary>Whether the event says all that an earlier one of the same action said, so that nobody needs that one any more.</summary>
    public static bool SaysAllAgain(string action) => action is UserUpdated or IntegrationEnabled or IntegrationDisabled;

    /// <summary>Whether the event goes to one destination whatever its Active flag says: it is about that flag.</summary>
    public static bool IsAboutDestination(string action) => action is IntegrationEnabled or IntegrationDisabled;
}
