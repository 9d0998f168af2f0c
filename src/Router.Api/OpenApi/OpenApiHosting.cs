using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Router.Api.Incoming;
using Router.Core.Destinations;

namespace Router.Api.OpenApi;

/// <summary>
/// The description of both APIs at <c>/openapi/v1.json</c>, made from the endpoints and from the very tables that validate.
/// </summary>
internal static class OpenApiHosting
{
    // The first that describes webhooks.
    private const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_1;

    public static void AddOpenApiDescription(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = Version;
            options.AddDocumentTransformer(Describe);
            options.AddDocumentTransformer((document, _, _) => IncomingSchemas.AddTo(document));
            options.AddDocumentTransformer((document, _, _) => OutgoingWebhooks.AddTo(document));
            options.AddSchemaTransformer(DescribeAnswer);
            options.AddOperationTransformer(IncomingOperations.Describe);
            options.AddOperationTransformer(RequestExample.Describe);
            options.AddOperationTransformer(Secure);
        });

    /// <summary>Made once: anybody may ask for it, and making it takes longer than taking a lead.</summary>
    public static void MapOpenApiDescription(this WebApplication app)
    {
        var documents = app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1");
        var description = new Lazy<Task<byte[]>>(() => Make(documents));
        app.MapGet("/openapi/{documentName}.json", async (string documentName) =>
            documentName == "v1" ? Results.Bytes(await description.Value, "application/json") : Results.NotFound()).AllowAnonymous()
                .ExcludeFromDescription();
    }

    private static async Task<byte[]> Make(IOpenApiDocumentProvider documents)
    {
        var document = await documents.GetOpenApiDocumentAsync();
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, Version);
        return json.ToArray();
    }

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Lead router",
            Version = "1",
            Description = "Incoming: what website backends and the Lead Manager send. "
                + "Management: sites, products, destinations, deliveries.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            ["product"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic",
                Description = "A product's username and password." },
            ["admin"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer",
                Description = "An API token of an account." },
        };
        return Task.CompletedTask;
    }

    // What a destination has of its own is in each answer; in a request, which has the same fields, only what is to be changed.
    private static Task DescribeAnswer(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        // Answers require what they always have, and requests nothing.
        if (!context.JsonTypeInfo.Type.IsAssignableTo(typeof(OwnSettings)) || schema.Required is not { Count: > 0 } required)
            return Task.CompletedTask;

        foreach (var setting in OwnSettings.All)
        {
            required.Add(setting.Name);
            if (setting.IsAlwaysSet && schema.Properties?[setting.Name] is OpenApiSchema property)
                property.Type &= ~JsonSchemaType.Null;
        }

        return Task.CompletedTask;
    }

    private static Task Secure(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var isIncoming = IncomingEndpoints.Owns($"/{context.Description.RelativePath}");
        operation.Security = [new OpenApiSecurityRequirement { [
            new OpenApiSecuritySchemeReference(isIncoming ? "product" : "admin", context.Document)] = [] }];
        return Task.CompletedTask;
    }
}
