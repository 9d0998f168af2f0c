using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Router.Api.OpenApi;

/// <summary>A body that the endpoint accepts.</summary>
internal sealed record RequestExample(string Json)
{
    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequestExample>().SingleOrDefault() is { } example)
        {
            foreach (var content in operation.RequestBody?.Content?.Values ?? [])
                content.Example = JsonNode.Parse(example.Json);
        }

        return Task.CompletedTask;
    }
}
