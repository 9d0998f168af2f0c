using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Router.Api.Authentication;
using Router.Api.Incoming;

namespace Router.Api.OpenApi;

/// <summary>The description of both APIs at <c>/openapi/v1.json</c>, made from the endpoints and from the very tables that validate.</summary>
internal static class OpenApiHosting
{
    public static void AddOpenApiDescription(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            // Most generators still read 3.0 best.
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_0;
            options.AddDocumentTransformer(Describe);
            options.AddDocumentTransformer((document, _, _) => IncomingSchemas.AddTo(document));
            options.AddOperationTransformer(IncomingOperations.Describe);
            options.AddOperationTransformer(RequestExample.Describe);
            options.AddOperationTransformer(Secure);
        });

    public static void MapOpenApiDescription(this WebApplication app) => app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();

    private static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Lead router",
            Version = "1",
            Description = "Incoming: what website backends and the Lead Manager send. Management: sites, products, destinations, deliveries.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            ["product"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "A product's username and password." },
            ["admin"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API token of an account." },
        };
        return Task.CompletedTask;
    }

    private static Task Secure(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var isIncoming = IncomingEndpoints.Owns($"/{context.Description.RelativePath}");
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(isIncoming ? "product" : "admin", context.Document)] = [] }];
        return Task.CompletedTask;
    }
}
