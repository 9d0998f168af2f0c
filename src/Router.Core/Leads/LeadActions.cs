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
}
