using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Pages.YourAccount;

namespace Router.Api.Pages;

/// <summary>A page for those who must have a second factor and have none yet.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class WithoutSecondFactorAttribute : Attribute;

/// <summary>
/// Leads whoever must have a second factor and has none to where it is set up: nothing else answers them. Sessions that began with a
/// passkey, or at another system, have shown one.
/// </summary>
internal static class RequiredSecondFactor
{
    public static void UseRequiredSecondFactor(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.SignedIn() is not { Session.How: WaysIn.Password or WaysIn.Invitation } account || IsFree(context))
        {
            await next(context);
            return;
        }

        var factors = context.RequestServices.GetRequiredService<FactorsOfAccount>();
        if (!factors.IsRequired(account.Role) || await factors.Any(account.Id, context.RequestAborted))
        {
            await next(context);
            return;
        }

        // What was sent is lost: nothing that is done without may be done.
        var request = context.Request;
        context.Response.Redirect($"{request.PathBase}{SecondFactorModel.Path}"
            + (request.Path == "/" || context.IsChange() ? "" : QueryString.Create("return", $"{request.Path}{request.QueryString}")));
    });

    private static bool IsFree(HttpContext context) => context.GetEndpoint()?.Metadata is { } metadata
        && (metadata.GetMetadata<WithoutSecondFactorAttribute>() is not null
            || metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is not null);
}
