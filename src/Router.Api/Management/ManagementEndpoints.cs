using System.Text.Json;
using System.Text.Json.Serialization;
using Router.Api.Authentication;

namespace Router.Api.Management;

/// <summary>The JSON API with which sites, products and destinations are set up and deliveries looked at.</summary>
internal static class ManagementEndpoints
{
    public static void AddManagement(this IServiceCollection services) =>
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });

    public static void MapManagement(this WebApplication app)
    {
        var api = app.MapGroup("/api").RequireAuthorization(RouterAuthentication.AdminPolicy).WithTags("Management")
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        api.MapSites();
        api.MapProducts();
        api.MapDestinations();
        api.MapDeliveries();
    }
}
