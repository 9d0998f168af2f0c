using Microsoft.OpenApi;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Api.OpenApi;

/// <summary>
/// The section <c>webhooks</c>: what receivers get, from the tables that validate what comes in and that compose what goes out.
/// </summary>
internal static class OutgoingWebhooks
{
    private static readonly (LeadAction Action, Schema? Sent, string Summary)[] Events =
    [
        (LeadAction.Created, Schema.Lead, "A new lead: all that the sender knows of it"),
        (LeadAction.Updated, Schema.Lead, "A lead changed: only the fields that did; an empty string means that the field was emptied"),
        (LeadAction.ActivityAdded, null, "New activities of a lead"),
        (LeadAction.UserUpdated, Schema.User, "A user of the site changed, or was deleted"),
        (LeadAction.IntegrationEnabled, null, "Your destination was switched on"),
        (LeadAction.IntegrationDisabled, null, "Your destination was switched off"),
    ];

    private static readonly (string Name, string Description)[] Headers =
    [
        ("X-Lead-Router-Action", "What happened."),
        ("X-Lead-Router-Message-Id", "The event's id: the same on every retry and replay. Together with partner_id it tells repetitions."),
        ("X-Lead-Router-Timestamp", "When the event was accepted: ISO 8601, UTC, microseconds, Z; the same on every retry."),
        ("X-Lead-Router-Signature", "Lowercase hex HMAC-SHA256 of the exact bytes of the body; the key is your secret as UTF-8."),
        ("X-Lead-Router-Attempt", "1, 2, …"),
    ];

    private static readonly (string Status, string Meaning)[] Answers =
    [
        ("2XX", "Delivered."), ("406", "You don't want this one: never sent again."),
        ("410", "You want none at all: your destination is deactivated."),
        ("429", "Sent again no earlier than Retry-After says."), ("503", "Sent again no earlier than Retry-After says."),
        ("default", "Sent again by the schedule."),
    ];

    public static Task AddTo(OpenApiDocument document)
    {
        document.Webhooks = new Dictionary<string, IOpenApiPathItem>(StringComparer.Ordinal);
        foreach (var (action, sent, summary) in Events)
        {
            document.AddComponent($"Outgoing_{action.Text()}", Body(action, sent, document));
            document.Webhooks[action.Text()] = new OpenApiPathItem
            {
                Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = Operation(action, summary, document) },
            };
        }

        return Task.CompletedTask;
    }

    private static OpenApiSchema Body(LeadAction action, Schema? sent, OpenApiDocument document)
    {
        var fields = sent is null ? new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            : IncomingSchemas.FieldsOf(sent, document);
        if (action == LeadAction.ActivityAdded)
            fields["activities"] =
                new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference("Activity", document) };
        if (action == LeadAction.UserUpdated)
            fields["deleted"] = new OpenApiSchema { Type = JsonSchemaType.Boolean,
                Description = "True for a user that is gone; else missing." };
        var ours = OutgoingFields.All.Where(field => field.IsFor(action)).ToList();
        foreach (var field in ours)
            fields[field.Name] = Text(field.Description);
        fields["partner_id"] = Text("Your Partner ID.");
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = fields,
            // Not every site has a page where leads sign in.
            Required = ours.Select(field => field.Name).Where(name => name != LoginUrl.Field).Append("partner_id")
                .ToHashSet(StringComparer.Ordinal),
            AdditionalPropertiesAllowed = true,
        };
    }

    private static OpenApiOperation Operation(LeadAction action, string summary, OpenApiDocument document) => new()
    {
        OperationId = $"receive_{action.Text()}",
        Summary = summary,
        Parameters = [.. Headers.Select(header => new OpenApiParameter
        {
            Name = header.Name, In = ParameterLocation.Header, Required = true, Description = header.Description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        })],
        RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/json"] = new OpenApiMediaType { Schema = new OpenApiSchemaReference($"Outgoing_{action.Text()}", document) },
            },
        },
        Responses = Responses(),
    };

    private static OpenApiResponses Responses()
    {
        var responses = new OpenApiResponses();
        foreach (var (status, meaning) in Answers)
            responses[status] = new OpenApiResponse { Description = meaning };
        return responses;
    }

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
