using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>By what a destination's requests are let in besides their signature: headers, an access token, a client certificate.</summary>
internal sealed record StoredSignIn(StoredHeaders Headers, StoredOauth Oauth, StoredCertificate Certificate)
{
    /// <summary>Its columns, in the order of <see cref="Parameters"/>.</summary>
    public const string Columns = $"header_names, header_values, {StoredOauth.Columns}, {StoredCertificate.Columns}";

    public const string Parameters =
        "@HeaderNames, @HeaderValues, @OauthTokenUrl, @OauthClientId, @OauthClientSecret, @OauthScope, @OauthAudience, @OauthClientAuth, "
        + "@ClientCertificate, @CertificateSubject, @CertificateIssuer, @CertificateExpiresAt, @CertificateSha256";

    public static readonly StoredSignIn None = new(StoredHeaders.None, StoredOauth.None, StoredCertificate.None);

    public static async Task<StoredSignIn> Find(NpgsqlConnection connection, Guid destination)
    {
        await using var results = await connection.QueryMultipleAsync(
            $"""
            select header_names, header_values from destinations where id = @destination;
            select {StoredOauth.Columns} from destinations where id = @destination;
            select {StoredCertificate.Columns} from destinations where id = @destination;
            """, new { destination });
        return new StoredSignIn(
            await results.ReadSingleAsync<StoredHeaders>(), await results.ReadSingleAsync<StoredOauth>(),
            await results.ReadSingleAsync<StoredCertificate>());
    }

    /// <summary>Changed as is asked for.</summary>
    public Change<StoredSignIn> With(DestinationFields fields, SecretProtection secrets, NetworkGuard guard, DateTimeOffset now)
    {
        var headers = Headers.With(fields.Headers, secrets);
        if (headers.Refusal is { } wrongHeaders)
            return wrongHeaders;
        var oauth = Oauth.With(fields.Oauth, secrets, guard);
        if (oauth.Refusal is { } wrongClient)
            return wrongClient;
        var certificate = Certificate.With(fields.ClientCertificate, secrets, now);
        if (certificate.Refusal is { } wrongCertificate)
            return wrongCertificate;
        if (oauth.Made!.OauthTokenUrl is not null && headers.Made!.HeaderNames.Contains("Authorization", StringComparer.OrdinalIgnoreCase))
            return Refusal.Conflict(
                "The Authorization header can hold an access token (oauth) or a value of your own, not both: take the other one away "
                + "first.");

        return new StoredSignIn(headers.Made!, oauth.Made, certificate.Made!);
    }

    /// <summary>
    /// Why none of this may go to another server; null where all of it is taken away, or entered again, by the same change. Whoever may
    /// change the address must not learn by it what somebody else has entered.
    /// </summary>
    public Refusal? Elsewhere(DestinationFields fields)
    {
        var kept = new List<string>();
        if (Headers.HeaderNames.Where(name => fields.Headers?.ContainsKey(name) is not true).ToList() is { Count: > 0 } headers)
            kept.Add($"headers ({string.Join(", ", headers)})");
        if (Oauth.OauthTokenUrl is not null && fields.Oauth is null or { IsNone: false, ClientSecret: null })
            kept.Add("access tokens");
        if (Certificate.ClientCertificate is not null && fields.ClientCertificate is null)
            kept.Add("client certificate");
        return kept.Count == 0 ? null : Refusal.Conflict(
            $"The new URL is another server, and this one's {string.Join(", ", kept)} must not go there: take them away first, and enter "
            + "them again afterwards.", "url");
    }

    /// <summary>Added to the parameters of a statement.</summary>
    public DynamicParameters With(object others)
    {
        var all = new DynamicParameters(others);
        all.AddDynamicParams(Headers);
        all.AddDynamicParams(Oauth);
        all.AddDynamicParams(Certificate);
        return all;
    }
}
