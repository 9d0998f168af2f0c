using System.Collections.Frozen;

namespace Router.Core.Leads.Validation;

/// <summary>The known fields of one kind of object. Fields that are not listed pass untouched.</summary>
/// <param name="Noun">What sentences call it.</param>
/// <param name="Fields">Each field's type.</param>
public sealed record Schema(string Noun, FrozenDictionary<string, FieldType> Fields)
{
    /// <summary>A new or changed lead.</summary>
    public static readonly Schema Lead = Of("Lead", [
        ("id", FieldType.Uuid), ("created", FieldType.Timestamp), ("role", FieldType.SenderRole),
        ("activities", FieldType.Activities), ("tags", FieldType.TextList),
        ("email", FieldType.Email), ("second_email", FieldType.Email),
        .. Text("source", "source_details", "first_name", "last_name", "phone", "phone2", "address",
            "street_address", "city", "state", "zip", "region", "timeframe", "notes", "urgency", "status")]);

    /// <summary>A lead whose role is ours to set.</summary>
    public static readonly Schema PotentialSeller = new(
        Lead.Noun, Lead.Fields.Where(field => field.Key != "role").ToFrozenDictionary(StringComparer.Ordinal));

    /// <summary>Something that a lead did.</summary>
    public static readonly Schema Activity = Of("Activity", [
        ("property", FieldType.Property), ("user", FieldType.User), ("created", FieldType.Timestamp),
        ("notify_users", FieldType.Boolean), ("role", FieldType.ActivityRole),
        .. Text("type", "source", "description")]);

    /// <summary>A property that an activity is about.</summary>
    public static readonly Schema Property = Of("Property", [
        ("beds", FieldType.Integer), ("full_baths", FieldType.Integer), ("half_baths", FieldType.Integer),
        ("listing_days_on_market", FieldType.Integer), ("year_built", FieldType.Integer), ("square_feet", FieldType.Integer),
        ("latitude", FieldType.Float), ("longitude", FieldType.Float), ("lot_size", FieldType.Float),
        ("list_price", FieldType.Price), ("estimated_value", FieldType.Price), ("last_sold_price", FieldType.Price),
        ("rent_price", FieldType.Price),
        ("tags", FieldType.TextList), ("photos", FieldType.TextList),
        .. Text("address", "street_address", "city", "state", "zip", "unit_number", "property_type", "mls_number", "mls",
            "listing_status", "list_date", "last_sold_date", "url", "photo_url")]);

    /// <summary>An agent or lender of the site.</summary>
    public static readonly Schema User = Of("User", [
        ("role", FieldType.UserRole), ("admin", FieldType.Boolean),
        .. Text("id", "name", "email", "signature", "phone_company", "phone_office", "phone_cell", "phone_home")]);

    private static Schema Of(string noun, (string Name, FieldType Type)[] fields) =>
        new(noun, fields.ToFrozenDictionary(field => field.Name, field => field.Type, StringComparer.Ordinal));

    private static (string, FieldType)[] Text(params string[] names) => [.. names.Select(name => (name, FieldType.Text))];
}
