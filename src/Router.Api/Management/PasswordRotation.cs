using Dapper;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>How a product gets a new password.</summary>
/// <param name="OverlapHours">For how long the old one lets it in, too; absent: until somebody ends it.</param>
internal sealed record NewProductPassword(int? OverlapHours = null);

/// <summary>
/// Another password for a product, while the old one lets it in: whoever runs it changes it over when it suits them, and no lead is
/// refused meanwhile.
/// </summary>
internal sealed class PasswordRotation(ConfigurationChanges changes, ProductDirectory products, TimeProvider time)
{
    /// <summary>A quarter of a year.</summary>
    public const int MostHours = 90 * 24;

    public async Task<Change<ProductCredentials>> Begin(
        string username, NewProductPassword request, CancellationToken cancellationToken)
    {
        if (request.OverlapHours is < 1 or > MostHours)
            return Refusal.Invalid(
                $"'overlap_hours' must be from 1 to {MostHours}; leave it out to end the old password by hand.", "overlap_hours");

        var password = Credential.Generate();
        await using var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync("select from products where username = @username for update", new { username });
        if (await ProductSettings.Find(change.Connection, username) is not { } product)
            return Refusal.NoSuch("product");
        // A third would end one that somebody may still use.
        if (product.HasPreviousPassword)
            return Refusal.Conflict("It has two passwords already: end the old one first.");

        await change.Connection.ExecuteAsync(
            """
            update products
            set previous_password_sha256 = password_sha256, previous_password_until = @until, password_sha256 = @Hash,
                password_changed_at = now()
            where username = @username
            """,
            new
            {
                username, Hash = Credential.Hash(password),
                until = request.OverlapHours is { } hours ? time.GetUtcNow().AddHours(hours) : (DateTimeOffset?)null,
            });
        await change.Connection.ExecuteAsync(
            """
            delete from product_uses u using products p
            where u.product = @username and p.username = u.product
              and u.password_sha256 not in (p.password_sha256, p.previous_password_sha256)
            """, new { username });
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return new ProductCredentials(username, password);
    }

    /// <summary>From now on the new one alone lets it in.</summary>
    public async Task<Change<string>> End(string username, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var ended = await change.Connection.ExecuteAsync(
            """
            update products set previous_password_sha256 = null, previous_password_until = null
            where username = @username and previous_password_sha256 is not null
            """, new { username });
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return ended == 0 ? Refusal.NoSuch("old password") : username;
    }
}
