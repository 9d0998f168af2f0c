using System.Text.Json;
using System.Text.Json.Serialization;
using Router.Api.Changes;

namespace Router.Api.Management;

/// <summary>The JSON API with which sites, products and destinations are set up and deliveries looked at.</summary>
internal static class ManagementEndpoints
{
    public static void AddManagement(this IServiceCollection services)
    {
        JsonColumns.Register();
        services.AddSingleton<SiteSettings>();
        services.AddSingleton<ReplayRate>();
        services.AddSingleton<ProductSettings>();
        services.AddSingleton<PasswordRotation>();
        services.AddSingleton<SiteSenders>();
        services.AddSingleton<SecretComparison>();
        services.AddSingleton<DestinationSettings>();
        services.AddAccountConcurrency();
        services.AddSingleton<OperatorsReach>();
        services.AddSingleton<NewDestinations>();
        services.AddSingleton<IntegrationSettings>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AccessReport>();
        services.AddSingleton<DeletedContents>();
        services.AddSingleton<LeadErasure>();
        services.AddSingleton<PersonData>();
        services.AddSingleton<SetAsideSettings>();
        services.AddSingleton<RefusedLeadSettings>();
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
    }

    public static void MapManagement(this WebApplication app)
    {
        var api = app.MapGroup("/api").RequireAuthorization().WithTags("Management")
            .ProducesProblem(StatusCodes.Status401Unauthorized).AddEndpointFilter<RouteGroupBuilder, ChangeRateFilter>();
        api.MapSites();
        api.MapLimits();
        api.MapFind();
        api.MapProducts();
        api.MapDestinations();
        api.MapChecks();
        api.MapOutgoingAddresses();
        api.MapIntegrations();
        api.MapLeads();
        api.MapDeliveries();
        api.MapReplays();
        api.MapStatement();
        api.MapErasure();
        api.MapPerson();
        api.MapSecrets();
        api.MapSetAside();
        api.MapRefusedLeads();
        api.MapAccounts();
        api.MapPeople();
        api.MapSenders();
        api.MapAudit();
    }
}
