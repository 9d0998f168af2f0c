using System.Collections.Frozen;
using System.Text.Json;

namespace Router.Core.Leads.Validation;

/// <summary>
/// Checks a lead against the contract. Pure; reports every problem at once, in the order of the fields.
/// Unknown fields pass. Every occurrence of a repeated key is checked, the last one counts.
/// </summary>
public static class LeadValidator
{
    private static readonly string[] Identifying =
    [
        "email", "second_email", "first_name", "last_name", "phone", "phone2", "address", "street_address", "city", "state",
    ];

    private static readonly FrozenSet<string> IdentifyingSet = Identifying.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The problems of a new lead (<c>POST …/leads</c>); empty when it may be published.</summary>
    /// <param name="lead">A JSON object.</param>
    public static IReadOnlyList<FieldError> NewLead(JsonElement lead)
    {
        var errors = new List<FieldError>();
        var hasSource = false;
        var isIdentified = false;
        foreach (var property in lead.EnumerateObject())
        {
            var name = JsonText.NameOf(property);
            if (name == "source")
                hasSource = IsGiven(property.Value);
            else if (IdentifyingSet.Contains(name))
                isIdentified |= IsGiven(property.Value);
        }

        if (!hasSource)
            errors.Add(FieldError.Of("Lead", "source", "is required"));
        Check(Schema.Lead, lead, hasSource, errors);

        // Only asked of a lead that is otherwise sound: a malformed email is better explained as just that.
        if (errors.Count == 0 && !isIdentified)
            errors.Add(new FieldError($"Lead needs at least one of the fields {string.Join(", ", Identifying)}."));

        return errors;
    }

    private static void Check(Schema schema, JsonElement element, bool leadHasSource, List<FieldError> errors)
    {
        foreach (var property in element.EnumerateObject())
        {
            var name = JsonText.NameOf(property);
            if (!schema.Fields.TryGetValue(name, out var type))
                continue;

            if (FieldTypes.Complaint(type, property.Value) is { } complaint)
                errors.Add(FieldError.Of(schema.Noun, name, complaint));
            else
                CheckInside(type, property.Value, leadHasSource, errors);
        }
    }

    private static void CheckInside(FieldType type, JsonElement value, bool leadHasSource, List<FieldError> errors)
    {
        switch (type, value.ValueKind)
        {
            case (FieldType.Activities, JsonValueKind.Array):
                foreach (var activity in value.EnumerateArray())
                    CheckActivity(activity, leadHasSource, errors);
                break;
            case (FieldType.Property, JsonValueKind.Object):
                Check(Schema.Property, value, leadHasSource, errors);
                break;
            case (FieldType.User, JsonValueKind.Object):
                Check(Schema.User, value, leadHasSource, errors);
                break;
        }
    }

    private static void CheckActivity(JsonElement activity, bool leadHasSource, List<FieldError> errors)
    {
        if (activity.ValueKind is not JsonValueKind.Object)
        {
            errors.Add(FieldError.Of("Lead", "activities", "is not a valid list of activities"));
            return;
        }

        if (!Has(activity, "type"))
            errors.Add(FieldError.Of("Activity", "type", "is required"));
        if (!leadHasSource && !Has(activity, "source"))
            errors.Add(FieldError.Of("Activity", "source", "is required"));
        Check(Schema.Activity, activity, leadHasSource, errors);
    }

    private static bool Has(JsonElement element, string field)
    {
        var found = false;
        foreach (var property in element.EnumerateObject())
        {
            if (JsonText.NameOf(property) == field)
                found = IsGiven(property.Value);
        }

        return found;
    }

    /// <summary>Whether something that is not blank is there. A wrong type counts: it gets its own complaint.</summary>
    private static bool IsGiven(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => false,
        JsonValueKind.String => !string.IsNullOrWhiteSpace(JsonText.Of(value)),
        _ => true,
    };
}
