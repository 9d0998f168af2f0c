using Microsoft.AspNetCore.Authorization;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Authentication;

/// <summary>The product may send for the site of the path. A foreign site and one that doesn't exist look the same.</summary>
internal sealed class ProductOfSite : IAuthorizationRequirement;

internal sealed class ProductOfSiteHandler : AuthorizationHandler<ProductOfSite, HttpContext>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ProductOfSite requirement, HttpContext resource)
    {
        if (resource.Features.Get<Product>() is not { } product)
            return Task.CompletedTask;

        // Who holds the password hears why; operators see it among the refused requests.
        if (!product.MaySendFrom(resource.Connection.RemoteIpAddress))
            resource.Features.Set(new AccessRefusal(
                $"This product may not send from this address ({ClientAddress.Of(resource)})."));
        else if (Uuids.TryParse(resource.GetRouteValue("site") as string, out var site)
            && product.Sites.Contains(site))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
