using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Destinations;

/// <summary>
/// A destination as <see cref="DestinationDirectory"/> reads it, with what its integration says of it; secrets are encrypted.
/// </summary>
internal sealed record StoredDestination : OwnSettings
{
    // What one integration asks for is the same text at each of its sites: held once. Each change leaves one behind.
    private static readonly KeptByText<CompiledMapping?> Mappings = new(2_000_000, CompiledMapping.Read, (text, _) => text.Length);

    public required Guid Id { get; init; }
    public required string Kind { get; init; }
    public required string Name { get; init; }
    public required string Url { get; init; }
    public required string PartnerId { get; init; }
    public required string Signature { get; init; }
    public required string Secret { get; init; }
    public string? PreviousSecret { get; init; }
    public DateTimeOffset? PreviousSecretUntil { get; init; }
    public required bool IsPaused { get; init; }
    public required string[] HeaderNames { get; init; }
    public string? HeaderValues { get; init; }
    public string? Mapping { get; init; }
    public string? AnswerRules { get; init; }
    public string[]? SharedHeaderNames { get; init; }
    public string? SharedHeaderValues { get; init; }
    public string? OauthTokenUrl { get; init; }
    public string? OauthClientId { get; init; }
    public string? OauthClientSecret { get; init; }
    public string? OauthScope { get; init; }
    public string? OauthAudience { get; init; }
    public string? OauthClientAuth { get; init; }
    public string? ClientCertificate { get; init; }
    public required string[] Spellings { get; init; }

    public Destination ToDestination(SecretProtection secrets) => new(
        Id, DestinationKinds.Parse(Kind), Name, DestinationUrl.Parse(Url), PartnerId,
        new Signing(
            SignatureSchemes.Parse(Signature), secrets.TryUnprotect(Secret), secrets.TryUnprotect(PreviousSecret), PreviousSecretUntil),
        IsPaused)
        {
            Own = Alone(), Spellings = Spellings,
            Actions = Actions is null ? null : [.. Actions.Select(LeadActions.Parse)],
            RetrySchedule = RetrySchedule is null ? null : [.. RetrySchedule.Select(seconds => TimeSpan.FromSeconds(seconds))],
            Headers = RequestHeaders.Join(
                RequestHeaders.Read(SharedHeaderNames ?? [], SharedHeaderValues, secrets),
                RequestHeaders.Read(HeaderNames, HeaderValues, secrets)),
            Mapping = Mapping is null ? null : Mappings.Of(Mapping), AnswerRules = Router.Core.Mapping.AnswerRules.Read(AnswerRules),
            OAuth = OauthTokenUrl is null ? null : new OAuthClient(
                DestinationUrl.Parse(OauthTokenUrl), OauthClientId!, secrets.TryUnprotect(OauthClientSecret), OauthScope, OauthAudience,
                OAuthClientAuthentications.TryParse(OauthClientAuth)!.Value),
            Certificate = ClientCertificate is null ? null : new ClientCertificate(secrets.TryUnprotect(ClientCertificate)),
        };
}
