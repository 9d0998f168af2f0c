using System.Collections.Frozen;
using System.Text.Json;

namespace Router.Core.Leads.Validation;

/// <summary>
/// Checks requests against the contract. Pure; reports every problem at once, in the order of the fields. Unknown fields
/// pass. Every occurrence of a repeated key is checked, the last one counts.
/// </summary>
public static class LeadValidator
{
    // A sender hears of the first; a body can hold half a million.
    private const int MostProblems = 100;

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
                hasSource = true;
            else if (IdentifyingSet.Contains(name))
                isIdentified |= JsonText.IsGiven(property.Value);
        }

        // A blank one is replaced by the product's display name.
        if (!hasSource)
            errors.Add(FieldError.Of("Lead", "source", "is required"));
        Check(Schema.Lead, lead, errors);

        // Only asked of a lead that is otherwise sound: a malformed email is better explained as just that.
        if (errors.Count == 0 && !isIdentified)
            errors.Add(new FieldError($"Lead needs at least one of the fields {string.Join(", ", Identifying)}."));

        return errors;
    }

    /// <summary>The problems of a change of a lead (<c>PATCH …/leads/{lead}</c>), which holds only what changes.</summary>
    /// <param name="lead">A JSON object.</param>
    public static IReadOnlyList<FieldError> ChangedLead(JsonElement lead)
    {
        var errors = new List<FieldError>();
        Check(Schema.Lead, lead, errors);
        return errors;
    }

    /// <summary>
    /// The problems of a potential seller (<c>POST …/potential-seller-leads</c>): known by the property looked at alone.
    /// </summary>
    /// <param name="lead">A JSON object.</param>
    public static IReadOnlyList<FieldError> PotentialSeller(JsonElement lead)
    {
        var errors = new List<FieldError>();
        // The role is ours to set: whatever is sent is replaced.
        Check(Schema.PotentialSeller, lead, errors);
        if (errors.Count == 0 && !ViewedAProperty(lead))
            errors.Add(FieldError.Of("Lead", "activities", "needs at least one activity of type property_viewed with a property"));
        return errors;
    }

    /// <summary>The problems of a list of activities (<c>POST …/activities</c>).</summary>
    /// <param name="activities">A JSON array.</param>
    public static IReadOnlyList<FieldError> Activities(JsonElement activities)
    {
        var errors = new List<FieldError>();
        CheckActivities(activities, errors);
        return errors;
    }

    /// <summary>The problems of a user (<c>PUT …/users/{user}</c>).</summary>
    /// <param name="user">A JSON object.</param>
    public static IReadOnlyList<FieldError> User(JsonElement user)
    {
        var errors = new List<FieldError>();
        Check(Schema.User, user, errors);
        return errors;
    }

    private static void Check(Schema schema, JsonElement element, List<FieldError> errors)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (errors.Count >= MostProblems)
                break;
            var name = JsonText.NameOf(property);
            if (!schema.Fields.TryGetValue(name, out var type))
                continue;

            if (FieldTypes.Complaint(type, property.Value) is { } complaint)
                errors.Add(FieldError.Of(schema.Noun, name, complaint));
            else
                CheckInside(type, property.Value, errors);
        }
    }

    private static void CheckInside(FieldType type, JsonElement value, List<FieldError> errors)
    {
        switch (type, value.ValueKind)
        {
            case (FieldType.Activities, JsonValueKind.Array):
                CheckActivities(value, errors);
                break;
            case (FieldType.Property, JsonValueKind.Object):
                Check(Schema.Property, value, errors);
                break;
            case (FieldType.User, JsonValueKind.Object):
                Check(Schema.User, value, errors);
                break;
        }
    }

    private static void CheckActivities(JsonElement activities, List<FieldError> errors)
    {
        foreach (var activity in activities.EnumerateArray())
        {
            if (errors.Count >= MostProblems)
                break;
            CheckActivity(activity, errors);
        }
    }

    private static void CheckActivity(JsonElement activity, List<FieldError> errors)
    {
        if (activity.ValueKind is not JsonValueKind.Object)
        {
            if (JsonText.IsGiven(activity))
                errors.Add(FieldError.Of("Lead", "activities", "is not a valid list of activities"));
            return;
        }

        if (!JsonText.IsGiven(JsonText.Last(activity, "type")))
            errors.Add(FieldError.Of("Activity", "type", "is required"));
        Check(Schema.Activity, activity, errors);
    }

    private static bool ViewedAProperty(JsonElement lead)
    {
        var activities = JsonText.Last(lead, "activities");
        return activities.ValueKind is JsonValueKind.Array
            && activities.EnumerateArray().Any(activity => activity.ValueKind is JsonValueKind.Object
            && JsonText.Spelling(JsonText.Last(activity, "type")) == "property_viewed"
                && JsonText.Last(activity, "property").ValueKind is JsonValueKind.Object);
    }
}
