using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>Who a lead is, as far as its events say: for its site's owners, who must know whom they erase.</summary>
/// <param name="FirstName">Empty when none is given.</param>
/// <param name="LastName">Empty when none is given.</param>
/// <param name="Email">The address; empty when none is given.</param>
/// <param name="Phone">The number; empty when none is given.</param>
public sealed record LeadPerson(string FirstName, string LastName, string Email, string Phone)
{
    /// <summary>First and last name; empty when none is given.</summary>
    public string Name => $"{FirstName} {LastName}".Trim();

    /// <summary>From an event's body.</summary>
    public static LeadPerson Of(RawJson lead)
    {
        using var document = lead.ToDocument();
        return Of(document.RootElement);
    }

    /// <inheritdoc cref="Of(RawJson)"/>
    public static LeadPerson Of(JsonElement lead)
    {
        if (lead.ValueKind is not JsonValueKind.Object)
            return new LeadPerson("", "", "", "");

        string Field(string name) =>
            JsonText.Last(lead, name) is { ValueKind: JsonValueKind.String } text ? JsonText.Of(text).Trim() : "";
        return new LeadPerson(Field("first_name"), Field("last_name"), Field("email"), Field("phone"));
    }

    /// <summary>In one line: <c>Ann Miller, ann@mail.test</c>; null when nothing is known.</summary>
    public string? Line =>
        string.Join(", ", new[] { Name, Email, Phone }.Where(part => part.Length > 0)) is { Length: > 0 } line ? line : null;
}
