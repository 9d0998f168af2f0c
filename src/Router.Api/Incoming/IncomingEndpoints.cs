using Router.Api.Authentication;

namespace Router.Api.Incoming;

/// <summary>The paths that website backends post to (contract, section 1).</summary>
internal static class IncomingEndpoints
{
    private const string V1 = "/rest/sites/{site:uuid}";

    public static void AddIncoming(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<IncomingOptions>().Bind(configuration.GetSection("Incoming")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LeadPublisher>();
        services.Configure<RouteOptions>(options => options.SetParameterPolicy<UuidRouteConstraint>("uuid"));
    }

    public static void MapIncoming(this WebApplication app)
    {
        var v1 = app.MapGroup(V1).RequireAuthorization(RouterAuthentication.ProductPolicy);
        v1.MapPost("/leads", NewLead.Post);
    }

    /// <summary>Whether errors on this path speak to senders.</summary>
    public static bool Owns(string? path) => path is not null && (path.StartsWith("/rest", StringComparison.Ordinal) || path.StartsWith("/v2/rest", StringComparison.Ordinal));
}
