using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using Router.Core.Database;
using Router.Core.Leads;
using Router.Core.Mapping;
using Router.Core.Sites;

namespace Router.Core.Destinations;

/// <summary>
/// Each site's active destinations, cached until Postgres announces a change; in force within a second on every worker.
/// Goes on with what it last knew while the database is away.
/// </summary>
public sealed class DestinationDirectory
{
    private const string Columns =
        "d.id, d.kind, d.name, d.url, d.partner_id, d.signature, d.secret, d.previous_secret, d.previous_secret_until, "
        + "d.max_in_flight, d.paused_at is not null as is_paused, d.keep_order, d.actions, "
        + "d.max_per_second, d.retry_schedule, d.timeout, d.time_to_live, d.quiet_hours::text as quiet_hours, "
        + "d.filter::text as filter, d.header_names, d.header_values, "
        + "coalesce(i.mapping, d.mapping)::text as mapping, coalesce(i.answer_rules, d.answer_rules)::text as answer_rules, "
        + "i.header_names as shared_header_names, i.header_values as shared_header_values, "
        + "d.oauth_token_url, d.oauth_client_id, d.oauth_client_secret, d.oauth_scope, d.oauth_audience, d.oauth_client_auth, "
        + "d.client_certificate, "
        + "array[normalize(d.name, nfc), normalize(d.name, nfd)] as spellings";

    // How a registered destination is spoken to is its integration's business.
    private const string Source = "destinations d left join integrations i on i.id = d.integration_id";

    private readonly NpgsqlDataSource _database;
    private readonly SecretProtection _secrets;
    private readonly StaleTolerantCache<Guid, SiteDestinations> _sites;

    /// <summary>Starts to follow changes.</summary>
    public DestinationDirectory(NpgsqlDataSource database, SecretProtection secrets, DirectoryChanges changes, TimeProvider time)
    {
        _database = database;
        _secrets = secrets;
        // Changes are announced; this is for an announcement that got lost, and with many sites it is a query for each of them.
        _sites = new StaleTolerantCache<Guid, SiteDestinations>(Load, TimeSpan.FromMinutes(5), time);
        changes.SiteChanged += _sites.Invalidate;
        changes.EverythingChanged += _sites.InvalidateAll;
    }

    /// <summary>The site and its active destinations, or null when there is no such site.</summary>
    /// <exception cref="NpgsqlException">The database is away and this site was never asked for before.</exception>
    public ValueTask<SiteDestinations?> Find(Guid siteId, CancellationToken cancellationToken) => _sites.Get(siteId, cancellationToken);

    /// <summary>One destination as the database has it now, or null. Costs a query.</summary>
    /// <param name="destinationId">Its id.</param>
    /// <param name="orInactive">Also when it is inactive or deleted: for events that are about its Active flag.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<Destination?> Read(Guid destinationId, bool orInactive, CancellationToken cancellationToken)
    {
        const string sql = $"select {Columns} from {Source} where d.id = @destinationId and (d.active or @orInactive)";
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition(sql, new { destinationId, orInactive }, cancellationToken: cancellationToken));
        return row?.ToDestination(_secrets);
    }

    private async Task<SiteDestinations?> Load(Guid siteId, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select domain, login_url_template, limits::text as limits from sites where id = @siteId;
            select {Columns} from {Source} where d.site_id = @siteId and d.active
            order by d.kind <> 'lead_manager', d.created_at, d.id;
            """;
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await using var results = await connection.QueryMultipleAsync(
            new CommandDefinition(sql, new { siteId }, cancellationToken: cancellationToken));
        var site = await results.ReadSingleOrDefaultAsync<(string Domain, string? LoginUrlTemplate, string? Limits)?>();
        var active = (await results.ReadAsync<Row>()).Select(row => row.ToDestination(_secrets)).ToList();
        return site is { } found
            ? new SiteDestinations(siteId, found.Domain, found.LoginUrlTemplate, active) { Limits = OwnLimits.Parse(found.Limits) } : null;
    }

    private sealed record Row(
        Guid Id, string Kind, string Name, string Url, string PartnerId, string Signature, string Secret, string? PreviousSecret,
        DateTimeOffset? PreviousSecretUntil,
        int? MaxInFlight, bool IsPaused, bool KeepOrder, string[]? Actions,
        double? MaxPerSecond, int[]? RetrySchedule, int? Timeout, int? TimeToLive, QuietTimes? QuietHours, LeadFilter? Filter,
        string[] HeaderNames, string? HeaderValues, string? Mapping, string? AnswerRules, string[]? SharedHeaderNames,
        string? SharedHeaderValues, string? OauthTokenUrl, string? OauthClientId, string? OauthClientSecret, string? OauthScope,
        string? OauthAudience, string? OauthClientAuth, string? ClientCertificate, string[] Spellings)
    {
        // What one integration asks for is the same text at each of its sites: compiled once.
        private static readonly ConcurrentDictionary<string, CompiledMapping?> Compiled = new(StringComparer.Ordinal);

        public Destination ToDestination(SecretProtection secrets) => new(
            Id, DestinationKinds.Parse(Kind), Name, DestinationUrl.Parse(Url), PartnerId,
            new Signing(
                SignatureSchemes.Parse(Signature), secrets.TryUnprotect(Secret), secrets.TryUnprotect(PreviousSecret), PreviousSecretUntil),
            MaxInFlight, IsPaused)
            {
                Spellings = Spellings, KeepsOrder = KeepOrder, Filter = Filter,
                Actions = Actions is null ? null : [.. Actions.Select(LeadActions.Parse)],
                MaxPerSecond = MaxPerSecond,
                RetrySchedule = RetrySchedule is null ? null : [.. RetrySchedule.Select(seconds => TimeSpan.FromSeconds(seconds))],
                Timeout = Seconds(Timeout), TimeToLive = Seconds(TimeToLive),
                QuietTimes = QuietHours,
                Headers = RequestHeaders.Join(
                    RequestHeaders.Read(SharedHeaderNames ?? [], SharedHeaderValues, secrets),
                    RequestHeaders.Read(HeaderNames, HeaderValues, secrets)),
                Mapping = Mapping is null ? null : CompiledOf(Mapping), AnswerRules = Router.Core.Mapping.AnswerRules.Read(AnswerRules),
                OAuth = OauthTokenUrl is null ? null : new OAuthClient(
                    DestinationUrl.Parse(OauthTokenUrl), OauthClientId!, secrets.TryUnprotect(OauthClientSecret), OauthScope, OauthAudience,
                    OAuthClientAuthentications.TryParse(OauthClientAuth)!.Value),
                Certificate = ClientCertificate is null ? null : new ClientCertificate(secrets.TryUnprotect(ClientCertificate)),
            };

        private static CompiledMapping? CompiledOf(string mapping)
        {
            // Each change leaves one behind.
            if (Compiled.Count > 1000)
                Compiled.Clear();
            return Compiled.GetOrAdd(mapping, CompiledMapping.Read);
        }

        private static TimeSpan? Seconds(int? seconds) => seconds is { } count ? TimeSpan.FromSeconds(count) : null;
    }
}
