using Router.Core.Leads;

namespace Router.Api;

/// <summary>
/// <c>{site:uuid}</c>: with or without hyphens, in any case. Anything else is no such path, and neither is the zero UUID, which nobody set.
/// </summary>
internal sealed class UuidRouteConstraint : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values,
        RouteDirection routeDirection) =>
        values.TryGetValue(routeKey, out var value) && Uuids.TryParse(value as string, out var id) && id != Guid.Empty;
}

internal static class UuidRoutes
{
    /// <summary>Makes <c>uuid</c> a constraint that the routes of both APIs and of the pages can name.</summary>
    public static void AddUuidRoutes(this IServiceCollection services) =>
        services.Configure<RouteOptions>(options => options.SetParameterPolicy<UuidRouteConstraint>("uuid"));
}
