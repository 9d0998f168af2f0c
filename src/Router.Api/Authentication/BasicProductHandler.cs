using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Router.Core.Sites;

namespace Router.Api.Authentication;

/// <summary>HTTP Basic: the username and password of a product. Costs one hash and no query once the product is known.</summary>
internal sealed class BasicProductHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ProductDirectory products,
    ProductUses uses, RefusedCredentials refused)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Basic";

    private const int MostBytes = 512;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        const string prefix = "Basic ";
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();

        if (!TryDecode(header.AsSpan(prefix.Length).Trim(), out var username, out var password))
            return AuthenticateResult.Fail("malformed credentials");

        // A host that just started on an absent database may wait for it; this sender gives up after two seconds.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Context.RequestAborted);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        Product? product;
        try
        {
            product = await products.Find(username, limit.Token);
        }
        catch (OperationCanceledException late) when (!Context.RequestAborted.IsCancellationRequested)
        {
            throw new TimeoutException("The product could not be looked up in time.", late);
        }

        // Hashed for an unknown username too, so that the time tells nobody which ones exist.
        if (Find(product, password, now: TimeProvider.GetUtcNow()) is not { } found)
            return AuthenticateResult.Fail("wrong credentials");

        // Whoever sends from elsewhere than it may isn't let in with it.
        if (product!.MaySendFrom(Context.Connection.RemoteIpAddress))
            uses.Note(product, found, TimeProvider.GetUtcNow());
        Context.Features.Set(product);
        var principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, product.Username)], SchemeName));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Basic realm=\"lead router\", charset=\"UTF-8\"";
        refused.Note(Context);
        return base.HandleChallengeAsync(properties);
    }

    private static ProductPassword? Find(Product? product, byte[] password, DateTimeOffset now)
    {
        Span<byte> hash = stackalloc byte[32];
        Credential.Hash(password, hash);
        return product?.Find(hash, now);
    }

    private static bool TryDecode(ReadOnlySpan<char> base64, out string username, out byte[] password)
    {
        (username, password) = ("", []);
        Span<byte> bytes = stackalloc byte[MostBytes];
        if (base64.Length > MostBytes || !Convert.TryFromBase64Chars(base64, bytes, out var length))
            return false;

        var colon = bytes[..length].IndexOf((byte)':');
        if (colon <= 0)
            return false;

        username = Encoding.UTF8.GetString(bytes[..colon]);
        password = bytes[(colon + 1)..length].ToArray();
        // No product is called that, and Postgres takes no NUL.
        return !username.Contains('\0', StringComparison.Ordinal);
    }
}
