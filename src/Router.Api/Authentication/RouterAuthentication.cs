using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Authentication;

/// <summary>
/// Who may call what: products on the incoming paths, API tokens on the management API, sessions on the pages.
/// </summary>
internal static class RouterAuthentication
{
    public const string ProductPolicy = "product-of-site";
    public const string SitePolicy = "site";
    public const string SiteChangePolicy = "site-change";
    public const string OperatorPolicy = "operator";
    public const string AccountPolicy = "account";

    private const string AccountScheme = "Account";

    public static void AddRouterAuthentication(this IServiceCollection services)
    {
        services.AddHostedService<FirstOperator>();
        services.AddSingleton<AccountDirectory>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<KnownBrowsers>();
        services.AddSingleton<AccessLog>();
        services.AddSingleton<RefusedCredentials>();
        services.AddSingleton<ProductUses>();
        services.AddHostedService(provider => provider.GetRequiredService<ProductUses>());
        services.AddSingleton<PasswordHasher<Account>>();
        // Of PBKDF2 with HMAC-SHA512, as OWASP's cheat sheet has it. A hash of fewer is made anew at the next sign-in.
        services.Configure<PasswordHasherOptions>(hashes => hashes.IterationCount = 220_000);

        var authentication = services.AddAuthentication(AccountScheme)
            .AddPolicyScheme(AccountScheme, displayName: null, options => options.ForwardDefaultSelector = context =>
                context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) ? ApiTokenHandler.SchemeName
                    : SessionCookie.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BasicProductHandler>(BasicProductHandler.SchemeName, configureOptions: null)
            .AddScheme<AuthenticationSchemeOptions, ApiTokenHandler>(ApiTokenHandler.SchemeName, configureOptions: null);
        services.AddSessionCookie(authentication);

        services.AddSingleton<IAuthorizationHandler, ProductOfSiteHandler>();
        services.AddSingleton<IAuthorizationHandler, AccountAccessHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, HideOtherSites>();
        services.AddAuthorizationBuilder()
            .AddPolicy(ProductPolicy, policy => policy
                .AddAuthenticationSchemes(BasicProductHandler.SchemeName)
                .AddRequirements(new ProductOfSite()))
            .AddPolicy(SitePolicy, policy => policy.RequireAuthenticatedUser().AddRequirements(new SiteAccess()))
            .AddPolicy(SiteChangePolicy, policy => policy.RequireAuthenticatedUser().AddRequirements(new SiteAccess(changes: true)))
            .AddPolicy(OperatorPolicy, policy => policy.RequireAuthenticatedUser().AddRequirements(new OperatorOnly()))
            .AddPolicy(AccountPolicy, policy => policy.RequireAuthenticatedUser().AddRequirements(new AccountChange()));
    }
}
