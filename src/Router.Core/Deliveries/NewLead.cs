using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A lead that has just come, as far as it takes to recognize it as a duplicate.</summary>
/// <param name="EventId">The event.</param>
/// <param name="Repeats">The event that this one repeats, if it does.</param>
/// <param name="SiteId">The site.</param>
/// <param name="LeadId">The lead.</param>
/// <param name="AcceptedAt">When it came.</param>
/// <param name="Contact">How it is reached.</param>
public sealed record NewLead(Guid EventId, Guid? Repeats, Guid SiteId, Guid LeadId, DateTimeOffset AcceptedAt, LeadContact Contact)
{
    /// <summary>Null for anything but a new lead that says how it is reached.</summary>
    public static NewLead? Of(LeadEvent lead) => lead.Action == LeadAction.Created ? Of(lead, LeadPerson.Of(lead.Lead)) : null;

    /// <inheritdoc cref="Of(LeadEvent)"/>
    public static NewLead? Of(LeadEvent lead, LeadPerson person) =>
        lead.Action == LeadAction.Created && lead.Test is null && lead.Subject is { } id && LeadContact.Of(person) is { } contact
            ? new NewLead(lead.EventId, lead.Repeats, lead.SiteId, id, lead.AcceptedAt, contact) : null;
}
