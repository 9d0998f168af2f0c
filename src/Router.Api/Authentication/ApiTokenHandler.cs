using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Router.Api.Authentication;

/// <summary><c>Authorization: Bearer …</c> with an account's API token.</summary>
internal sealed class ApiTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccountDirectory accounts,
    RefusedCredentials refused, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bearer";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        const string prefix = "Bearer ";
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();
        if (await accounts.FindByToken(header[prefix.Length..].Trim(), Context.RequestAborted) is not { } account)
            return AuthenticateResult.Fail("unknown or revoked token");
        if (account.Token?.ExpiresAt <= time.GetUtcNow())
        {
            Context.Features.Set(AccessRefusal.OfExpiredToken);
            return AuthenticateResult.Fail("expired token");
        }

        Context.Features.Set(account);
        var principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, account.Email)], SchemeName));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        refused.Note(Context);
        return base.HandleChallengeAsync(properties);
    }
}
