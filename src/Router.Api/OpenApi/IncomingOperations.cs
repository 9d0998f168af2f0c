using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Router.Api.Incoming;

namespace Router.Api.OpenApi;

/// <summary>Writes the description of the incoming endpoints from what they say of themselves.</summary>
internal static class IncomingOperations
{
    private static readonly (int Status, string When)[] Errors =
    [
        (400, "The body is no JSON, neither UTF-8 nor in the charset that it names, or of the wrong kind."),
        (401, "Missing or wrong credentials."), (403, "No access to this site, or to this method."),
        (404, "An id in the path is no UUID."), (408, "The body took too long to arrive."),
        (413, "The body is larger than 1 MiB, or the event that it would become too large."),
        (415, "The content type is plainly not JSON."),
        (422, "A field does not validate."), (429, "Too many requests; see Retry-After."),
        (503, "The event could not be stored; see Retry-After."),
    ];

    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IncomingDescription>().SingleOrDefault() is not { } description)
            return Task.CompletedTask;

        var document = context.Document!;
        if (description.Body is { } body)
        {
            IOpenApiSchema schema = new OpenApiSchemaReference(body, document);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = Json(description.IsList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
                    description.Example),
            };
        }

        var isRead = context.Description.HttpMethod == HttpMethods.Get;
        operation.Responses = new OpenApiResponses
        {
            [$"{description.Status}"] = isRead
                ? new OpenApiResponse { Description = "The site's users.",
                    Content = Json(new OpenApiSchema { Type = JsonSchemaType.Array,
                    Items = new OpenApiSchemaReference("User", document) }) }
                : new OpenApiResponse { Description = "The event is stored; it will reach every active destination.",
                    Content = Json(new OpenApiSchemaReference("Empty", document)) },
        };
        foreach (var (status, when) in Errors)
            operation.Responses[$"{status}"] =
                new OpenApiResponse { Description = when, Content = Json(new OpenApiSchemaReference("Error", document)) };

        operation.Parameters ??= [];
        if (!isRead)
            operation.Parameters.Add(Header("Idempotency-Key",
                "1 to 255 printable characters. The same product, site, method, path and key within 24 hours is one request, "
                + "fanned out once; with another body it is 422."));
        if (description.Body == "Lead")
            operation.Parameters.Add(Header("X-ROUTER-DESTINATIONS",
                "Names or ids of destinations, separated by commas, a name with a comma in quotes: "
                + $"only those and Lead Manager get the lead. Unknown ones are noted. {ChosenDestinations.Most} at most."));
        return Task.CompletedTask;
    }

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static Dictionary<string, OpenApiMediaType> Json(IOpenApiSchema schema, string? example = null) => new(StringComparer.Ordinal)
    {
        ["application/json"] = new OpenApiMediaType { Schema = schema, Example = example is null ? null : JsonNode.Parse(example) },
    };
}
