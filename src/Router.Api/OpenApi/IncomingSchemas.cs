using Microsoft.OpenApi;
using Router.Core.Leads.Validation;

namespace Router.Api.OpenApi;

/// <summary>
/// Schemas of what senders post, from the tables that validate it: the description cannot say something else than the code.
/// </summary>
internal static class IncomingSchemas
{
    public static Task AddTo(OpenApiDocument document)
    {
        document.AddComponent("Lead", Of(Schema.Lead, document,
            "Unknown fields are passed on. At least one of email, second_email, first_name, last_name, phone, phone2, address, "
            + "street_address, city, state is needed.", "source"));
        document.AddComponent("ChangedLead", Of(Schema.Lead, document, "Only the fields that change."));
        document.AddComponent("PotentialSellerLead",
            Of(Schema.PotentialSeller, document, "At least one activity of type property_viewed with a property.", "activities"));
        document.AddComponent("Activity", Of(Schema.Activity, document,
            "Something that a lead did. Without a source it takes its lead's, else the product's name; "
            + "without a time, the time of arrival.", "type"));
        document.AddComponent("Property", Of(Schema.Property, document, "A property that an activity is about."));
        document.AddComponent("User", Of(Schema.User, document, "An agent or lender of the site."));
        document.AddComponent("Empty", new OpenApiSchema { Type = JsonSchemaType.Object, Description = "Always {}." });
        document.AddComponent("Error", new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string>(StringComparer.Ordinal) { "error" },
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["error"] = new OpenApiSchema { Type = JsonSchemaType.String,
                    Description = "One sentence that names the field and what it should be." },
            },
        });
        return Task.CompletedTask;
    }

    /// <summary>The fields of one kind of object.</summary>
    public static Dictionary<string, IOpenApiSchema> FieldsOf(Schema schema, OpenApiDocument document) =>
        schema.Fields.OrderBy(field => field.Key, StringComparer.Ordinal)
            .ToDictionary(field => field.Key, field => Of(field.Value, document), StringComparer.Ordinal);

    private static OpenApiSchema Of(Schema schema, OpenApiDocument document, string description, params string[] required) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Required = required.ToHashSet(StringComparer.Ordinal),
        Properties = FieldsOf(schema, document),
        AdditionalPropertiesAllowed = true,
    };

    private static IOpenApiSchema Of(FieldType type, OpenApiDocument document) => type switch
    {
        FieldType.Email => new OpenApiSchema { Type = JsonSchemaType.String, Format = "email" },
        FieldType.Uuid => new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "A UUID, with or without hyphens; passed on as it is spelled." },
        FieldType.Timestamp => new OpenApiSchema { Type = JsonSchemaType.String, Description = "ISO 8601 date and time." },
        FieldType.SenderRole => OneOf("Buyer", "Seller", "Buyer and Seller", "Renter"),
        FieldType.ActivityRole => OneOf("agent", "lender"),
        FieldType.UserRole => OneOf("Agent", "Lender"),
        FieldType.TextList => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
        FieldType.Integer => new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The same number as a string is taken too." },
        FieldType.Float => new OpenApiSchema { Type = JsonSchemaType.Number, Description = "The same number as a string is taken too." },
        FieldType.Price => new OpenApiSchema { Type = JsonSchemaType.String,
            Description = "A number with optional decimals, as a string; a JSON number is taken too." },
        FieldType.Boolean => new OpenApiSchema { Type = JsonSchemaType.Boolean },
        FieldType.Activities => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference("Activity", document) },
        FieldType.Property => new OpenApiSchemaReference("Property", document),
        FieldType.User => new OpenApiSchemaReference("User", document),
        _ => new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiSchema OneOf(params string[] values) => new()
    {
        Type = JsonSchemaType.String,
        Enum = [.. values.Select(value => (System.Text.Json.Nodes.JsonNode)value)],
    };
}
