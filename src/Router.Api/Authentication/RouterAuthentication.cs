using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace Router.Api.Authentication;

/// <summary>Who may call what: products on the incoming paths, the admin token on the management API, nobody else anywhere.</summary>
internal static class RouterAuthentication
{
    public const string ProductPolicy = "product-of-site";
    public const string AdminPolicy = "admin";

    public static void AddRouterAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AdminOptions>().Bind(configuration.GetSection("Admin")).ValidateDataAnnotations().ValidateOnStart();
        // Not AddAuthentication(): it brings key storage for cookies, which neither scheme needs.
        services.AddAuthenticationCore();
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, BasicProductHandler>(BasicProductHandler.SchemeName, configureOptions: null)
            .AddScheme<AuthenticationSchemeOptions, AdminTokenHandler>(AdminTokenHandler.SchemeName, configureOptions: null);
        services.AddSingleton<IAuthorizationHandler, ProductOfSiteHandler>();
        services.AddAuthorizationBuilder()
            .AddPolicy(ProductPolicy, policy => policy
                .AddAuthenticationSchemes(BasicProductHandler.SchemeName)
                .AddRequirements(new ProductOfSite()))
            .AddPolicy(AdminPolicy, policy => policy
                .AddAuthenticationSchemes(AdminTokenHandler.SchemeName)
                .RequireAuthenticatedUser());
    }
}
