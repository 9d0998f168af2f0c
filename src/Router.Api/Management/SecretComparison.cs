using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Destinations;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>Secrets to compare with the stored ones, 500 things at most.</summary>
internal sealed record SecretsToCompare(SecretsOf[]? Items = null);

/// <summary>The secrets that one thing should have; what is absent isn't compared.</summary>
/// <param name="Destination">Of this destination,</param>
/// <param name="Integration">of this integration of the catalogue,</param>
/// <param name="Product">or of the product with this username.</param>
/// <param name="Secret">The key of its signatures.</param>
/// <param name="Headers">What each request carries, by name.</param>
/// <param name="Key">Of a destination whose integration asks for a key.</param>
/// <param name="ClientSecret">Of its OAuth client.</param>
/// <param name="Password">Of a product.</param>
internal sealed record SecretsOf(
    Guid? Destination = null, Guid? Integration = null, string? Product = null, string? Secret = null,
    IReadOnlyDictionary<string, string>? Headers = null, string? Key = null, string? ClientSecret = null, string? Password = null);

/// <summary>What came of a comparison.</summary>
/// <param name="Items">
/// For each thing, in the order of the request, the names of those that are others than the stored ones, or that are not stored at all:
/// <c>secret</c>, <c>headers</c>, <c>key</c>, <c>client_secret</c>, <c>password</c>.
/// </param>
internal sealed record ComparedSecrets(IReadOnlyList<IReadOnlyList<string>> Items);

/// <summary>
/// Compares secrets with the stored ones, so that a configuration kept elsewhere can tell whether it is in force. Whoever may ask may
/// replace them anyway, and could then try each guess on signed requests.
/// </summary>
internal sealed class SecretComparison(NpgsqlDataSource database, SecretProtection secrets)
{
    private const int Most = 500;

    public async Task<Change<ComparedSecrets>> Compare(SecretsToCompare request, CancellationToken cancellationToken)
    {
        var items = request.Items ?? [];
        if (items.Length is 0 or > Most)
            return Refusal.Invalid($"'items' must have 1 to {Most} entries.", "items");
        if (Array.Exists(items, item =>
            item is null || (item.Destination is null ? 0 : 1) + (item.Integration is null ? 0 : 1) + (item.Product is null ? 0 : 1) != 1))
            return Refusal.Invalid("Each of 'items' names one of 'destination', 'integration' and 'product'.", "items");

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var stored = (await connection.QueryAsync<Stored>(new CommandDefinition(
            """
            select d.id, d.secret, d.header_names, d.header_values, d.oauth_client_secret,
                   i.key_label, i.key_help, i.key_header, i.key_scheme
            from destinations d left join integrations i on i.id = d.integration_id
            where d.id = any (@destinations) and d.deleted_at is null
            union all
            select id, secret, header_names, header_values, null, null, null, null, null from integrations where id = any (@integrations)
            """,
            new
            {
                destinations = items.Select(item => item.Destination).OfType<Guid>().ToArray(),
                integrations = items.Select(item => item.Integration).OfType<Guid>().ToArray(),
            }, cancellationToken: cancellationToken))).ToDictionary(row => row.Id);
        var products = (await connection.QueryAsync<(string Username, byte[] Hash)>(new CommandDefinition(
            "select username, password_sha256 from products where username = any (@usernames)",
            new { usernames = items.Select(item => item.Product).OfType<string>().ToArray() }, cancellationToken: cancellationToken)))
            .ToDictionary(row => row.Username, row => row.Hash, StringComparer.Ordinal);
        return new ComparedSecrets([.. items.Select(item => item.Product is { } product
            ? OfProduct(item, products.GetValueOrDefault(product))
            : OfDestination(item, stored.GetValueOrDefault(item.Destination ?? item.Integration!.Value)))]);
    }

    private static List<string> OfProduct(SecretsOf item, byte[]? hash) =>
        item.Password is { } password && (hash is null || !Credential.Matches(Encoding.UTF8.GetBytes(password), hash)) ? ["password"] : [];

    private List<string> OfDestination(SecretsOf item, Stored? stored)
    {
        var headers = stored is null ? [] : RequestHeaders.Read(stored.HeaderNames, stored.HeaderValues, secrets) ?? [];
        var others = new List<string>();
        if (item.Secret is not null && !AreSame(item.Secret, secrets.TryUnprotect(stored?.Secret)))
            others.Add("secret");
        if (item.Headers is not null && item.Headers.Any(header => !Has(headers, header.Key, header.Value)))
            others.Add("headers");
        if (item.Key is not null && !(stored?.Key?.ToHeader(item.Key) is { } key && Has(headers, key.Name, key.Value)))
            others.Add("key");
        if (item.ClientSecret is not null && !AreSame(item.ClientSecret, secrets.TryUnprotect(stored?.OauthClientSecret)))
            others.Add("client_secret");
        return others;
    }

    private static bool Has(IReadOnlyList<RequestHeader> headers, string name, string value) =>
        AreSame(value, headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value);

    private static bool AreSame(string given, string? stored) => stored is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(stored));

    private sealed record Stored(
        Guid Id, string Secret, string[] HeaderNames, string? HeaderValues, string? OauthClientSecret, string? KeyLabel, string? KeyHelp,
        string? KeyHeader, string? KeyScheme)
    {
        public IntegrationKey? Key => KeyLabel is null ? null : new IntegrationKey(KeyLabel, KeyHelp!, KeyHeader!, KeyScheme!);
    }
}
