using System.Text.Json;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Core.Search;

/// <summary>What an event says of who its lead is; and by what duplicates are recognized, if it is new.</summary>
internal sealed record IndexedLead(
    Guid EventId, Guid SiteId, Guid LeadId, DateTimeOffset AcceptedAt, string Source, LeadPerson Person, NewLead? New)
{
    // Four of them fit into a row of an index, whatever their script.
    private const int Longest = 100;

    /// <summary>Null where the event is about no lead, or a test.</summary>
    public static IndexedLead? Of(LeadEvent lead)
    {
        if (lead.Test is not null || !lead.Action.IsAboutLead() || lead.Subject is not { } id)
            return null;

        using var document = lead.Lead.ToDocument();
        var person = LeadPerson.Of(document.RootElement);
        var source = document.RootElement.ValueKind is JsonValueKind.Object
            && JsonText.Last(document.RootElement, "source") is { ValueKind: JsonValueKind.String } text ? Clean(JsonText.Of(text)) : "";
        return new IndexedLead(
            lead.EventId, lead.SiteId, id, lead.AcceptedAt, source.Length > 0 ? source : Clean(lead.SourceSystem),
            new LeadPerson(Clean(person.FirstName), Clean(person.LastName), Clean(person.Email), Clean(person.Phone)),
            NewLead.Of(lead, person));
    }

    private static string Clean(string text) => PlainText.Of(text, Longest);
}
