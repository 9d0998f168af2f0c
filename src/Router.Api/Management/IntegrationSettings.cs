using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Destinations;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>Changes of the catalogue, for the API and the pages alike. An integration's destinations follow it at once.</summary>
internal sealed class IntegrationSettings(
    ConfigurationChanges changes, SecretProtection secrets, NetworkGuard guard, OperatorsReach reach, TimeProvider time)
{
    private const string Columns = """
        i.id, i.name, i.description, i.partner_id_label, i.partner_id_help, i.key_label, i.key_help, i.published, i.key_header,
        i.key_scheme, i.url, i.signature, i.header_names, i.mapping::text as mapping, i.answer_rules::text as answer_rules,
        (select count(*) from destinations d where d.integration_id = i.id and d.deleted_at is null)::int as connected
        """;

    /// <summary>By name; only the published ones unless all are wanted.</summary>
    public static async Task<List<Integration>> List(NpgsqlConnection connection, bool all, Guid? after = null, int limit = int.MaxValue) =>
        (await connection.QueryAsync<Integration>(
            $"""
            select {Columns} from integrations i
            where (@all or i.published)
              and (@after is null or (lower(i.name), i.id) > (select lower(name), id from integrations where id = @after))
            order by lower(i.name), i.id
            limit @limit
            """, new { all, after, limit })).AsList();

    public static Task<Integration?> Find(NpgsqlConnection connection, Guid id) =>
        connection.QuerySingleOrDefaultAsync<Integration>($"select {Columns} from integrations i where i.id = @id", new { id });

    public async Task<Change<Integration>> Create(IntegrationFields fields, CancellationToken cancellationToken)
    {
        if (fields.ReadyMade is { } id)
        {
            if (ReadyMadeIntegration.All.GetValueOrDefault(id) is not { } ready)
                return Refusal.Invalid($"'ready_made' must be one of {string.Join(", ", ReadyMadeIntegration.All.Keys)}.", "ready_made");

            fields = fields.From(ready);
            if (ready.Headers?.Keys.FirstOrDefault(name => fields.Headers?.ContainsKey(name) is not true) is { } missing)
                return Refusal.Invalid($"'headers' needs {missing}. {ready.Headers[missing]}", "headers");
        }

        fields = fields.WithKeyDefaults();
        if (Check(fields, isNew: true, fields.Signature ?? SignatureScheme.LeadRouter.Text(), fields.Secret) is { Any: true } problems)
            return Refusal.Invalid(problems);
        var headers = StoredHeaders.None.With(fields.Headers, secrets);
        if (headers.Refusal is { } tooMany)
            return tooMany;

        await using var change = await changes.Begin(cancellationToken);
        return await Named(fields.Name, async () =>
        {
            var inserted = await Insert(
                change.Connection, fields, new SecretRotation(secrets.Protect(fields.Secret!), null, null), headers.Made!);
            var made = await Find(change.Connection, inserted);
            await change.Commit(cancellationToken);
            return made!;
        });
    }

    public async Task<Change<Integration>> Change(Guid id, IntegrationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var row = await change.Connection.QuerySingleOrDefaultAsync<(
            string Signature, string Secret, string? Previous, DateTimeOffset? Until, bool HasKey)?>(
            """
            select signature, secret, previous_secret, previous_secret_until, key_label is not null from integrations
            where id = @id for update
            """, new { id });
        if (row is not { } stored)
            return Refusal.NoSuch("integration");
        if (!stored.HasKey)
            fields = fields.WithKeyDefaults();
        if (Check(fields, isNew: false, fields.Signature ?? stored.Signature, fields.Secret
            ?? secrets.TryUnprotect(stored.Secret)) is { Any: true } problems)
            return Refusal.Invalid(problems);
        if (!stored.HasKey && string.IsNullOrEmpty(fields.KeyLabel) && (fields.KeyHeader ?? fields.KeyScheme) is not null)
            return Refusal.Invalid("'key_label' is needed: what owners are asked for.", "key_label");

        if (fields.Url is not null && await Elsewhere(change.Connection, id, fields) is { } elsewhere)
            return elsewhere;

        var headers = (await change.Connection.QuerySingleAsync<StoredHeaders>(
            "select header_names, header_values from integrations where id = @id", new { id })).With(fields.Headers, secrets);
        if (headers.Refusal is { } tooMany)
            return tooMany;

        var rotation = SecretRotation.Of(
            new SecretRotation(stored.Secret, stored.Previous, stored.Until), fields.Secret,
            TimeSpan.FromHours(DestinationChecks.DefaultOverlapHours), secrets, time.GetUtcNow());
        return await Named(fields.Name, async () =>
        {
            await change.Connection.ExecuteAsync(
                """
                update integrations
                set name = coalesce(@Name, name), description = coalesce(@Description, description), url = coalesce(@Url, url),
                    signature = coalesce(@Signature, signature),
                    partner_id_label = nullif(coalesce(@PartnerIdLabel, partner_id_label), ''),
                    partner_id_help = coalesce(@PartnerIdHelp, partner_id_help),
                    key_label = nullif(coalesce(@KeyLabel, key_label), ''), key_help = coalesce(@KeyHelp, key_help),
                    key_header = case when @KeyLabel = '' then null else coalesce(@KeyHeader, key_header) end,
                    key_scheme = case when @KeyLabel = '' then null else coalesce(@KeyScheme, key_scheme) end,
                    header_names = @HeaderNames, header_values = @HeaderValues,
                    mapping = case when @ChangesMapping then @Mapping::jsonb else mapping end,
                    answer_rules = case when @ChangesRules then @Rules::jsonb else answer_rules end,
                    published = coalesce(@Published, published), secret = @Secret, previous_secret = @PreviousSecret,
                    previous_secret_until = @PreviousSecretUntil
                where id = @id
                """,
                new
                {
                    id, fields.Name, fields.Description, fields.Url, fields.Signature, fields.PartnerIdLabel, fields.PartnerIdHelp,
                    fields.Published, fields.KeyLabel, fields.KeyHelp, fields.KeyHeader, fields.KeyScheme,
                    headers.Made!.HeaderNames, headers.Made.HeaderValues,
                    ChangesMapping = fields.Mapping is not null, Mapping = DestinationChecks.Stored(fields.Mapping),
                    ChangesRules = fields.AnswerRules is not null, Rules = DestinationChecks.Stored(fields.AnswerRules),
                    rotation.Secret, rotation.PreviousSecret, rotation.PreviousSecretUntil,
                });
            var changed = await Find(change.Connection, id);
            await change.Commit(cancellationToken);
            return changed!;
        });
    }

    /// <summary>
    /// Makes a custom API an integration, not yet published; the site's destination follows it from then on. With a secret of its own:
    /// the one before is known to the site's owner, who could sign for all sites with it.
    /// </summary>
    public async Task<Change<Integration>> Promote(
        Guid site, Guid destinationId, IntegrationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await DestinationRows.Find(change.Connection, site, destinationId, forUpdate: true) is not { } destination)
            return Refusal.NoSuch("destination");
        if (DestinationKinds.Parse(destination.Kind) != DestinationKind.Custom)
            return Refusal.Conflict("Only a custom API can be promoted into the catalogue.");
        // Whoever keeps the catalogue decides where its leads go from then on.
        if (await reach.RefusesAddress(change.Connection, site) is { } notTheirs)
            return notTheirs;

        var secret = await change.Connection.QuerySingleAsync<SecretRotation>(
            "select secret, previous_secret, previous_secret_until from destinations where id = @destinationId", new { destinationId });
        var promoted = (fields with
        {
            Name = fields.Name ?? destination.Name, Url = destination.Url, Signature = destination.Signature,
            Published = fields.Published ?? false, Headers = null, Mapping = fields.Mapping ?? destination.Mapping,
            AnswerRules = fields.AnswerRules ?? destination.AnswerRules,
        }).WithKeyDefaults();
        if (Check(promoted, isNew: true, destination.Signature, fields.Secret) is { Any: true } problems)
            return Refusal.Invalid(problems);
        if (fields.Secret == secrets.TryUnprotect(secret.Secret))
            return Refusal.Invalid("'secret' must be another one than the site's: its owner knows that.", "secret");

        var all = await change.Connection.QuerySingleAsync<StoredHeaders>(
            "select header_names, header_values from destinations where id = @destinationId", new { destinationId });
        if (fields.SharedHeaders?.FirstOrDefault(name => !all.HeaderNames.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            return Refusal.Invalid($"'{unknown}' is no header of this destination.", "shared_headers");
        if (all.Split(fields.SharedHeaders ?? [], secrets) is not { } split)
            return Refusal.Conflict("The values of its headers can no longer be decrypted: enter them again first.");

        return await Named(promoted.Name, async () =>
        {
            var own = new SecretRotation(secrets.Protect(fields.Secret!), null, null);
            var id = await Insert(change.Connection, promoted, own, split.Named);
            // This site's requests alone are signed with its old secret, too, for as long as a rotation takes.
            var rotated = SecretRotation.Of(
                secret, fields.Secret, TimeSpan.FromHours(DestinationChecks.DefaultOverlapHours), secrets, time.GetUtcNow());
            await change.Connection.ExecuteAsync(
                """
                update destinations
                set kind = 'registered', integration_id = @id, mapping = null, answer_rules = null,
                    header_names = @HeaderNames, header_values = @HeaderValues,
                    secret = @Secret, previous_secret = @PreviousSecret, previous_secret_until = @PreviousSecretUntil
                where id = @destinationId
                """,
                new
                {
                    id, destinationId, split.Others.HeaderNames, split.Others.HeaderValues,
                    own.Secret, rotated.PreviousSecret, rotated.PreviousSecretUntil,
                });
            var made = await Find(change.Connection, id);
            await change.Commit(cancellationToken);
            await reach.TellOfAddress(site, destinationId, destination.Name, destination.Url, cancellationToken);
            return made!;
        });
    }

    /// <summary>Why its URL can't become one on another server: keys that were entered for this one must not go there.</summary>
    private static async Task<Refusal?> Elsewhere(NpgsqlConnection connection, Guid id, IntegrationFields fields)
    {
        var (url, headers, sites) = await connection.QuerySingleAsync<(string Url, string[] Headers, int Sites)>(
            """
            select url, header_names, (
                select count(*)::int from destinations d
                where d.integration_id = i.id and d.deleted_at is null
                  and (d.header_values is not null or d.oauth_client_secret is not null or d.client_certificate is not null))
            from integrations i where id = @id
            """, new { id });
        if (Servers.AreSame(fields.Url!, url))
            return null;

        return sites > 0
            ? Refusal.Conflict(
                $"The new URL is another server, and keys that {sites} of its sites have entered for this one must not go there: "
                + "add a new integration, and let them connect to that.", "url")
            : headers.All(name => fields.Headers?.Keys.Contains(name, StringComparer.OrdinalIgnoreCase) is true) ? null
            : Refusal.Conflict(
                $"The new URL is another server, and this one's headers ({string.Join(", ", headers)}) must not go there: take them away "
                + "first, and enter them again afterwards.", "url");
    }

    private static async Task<Change<Integration>> Named(string? name, Func<Task<Integration>> write)
    {
        try
        {
            return await write();
        }
        catch (PostgresException refused) when (TakenNames.Refusal(refused, name) is { } refusal)
        {
            return refusal;
        }
    }

    private async Task<Guid> Insert(NpgsqlConnection connection, IntegrationFields fields, SecretRotation secret, StoredHeaders headers)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await connection.ExecuteAsync(
            """
            insert into integrations (
                id, name, description, url, secret, previous_secret, previous_secret_until, signature,
                partner_id_label, partner_id_help, published, key_label, key_help, key_header, key_scheme, header_names, header_values,
                mapping, answer_rules)
            values (
                @id, @Name, @Description, @Url, @Secret, @PreviousSecret, @PreviousSecretUntil, coalesce(@Signature, 'lead_router'),
                nullif(coalesce(@PartnerIdLabel, 'Partner ID'), ''), coalesce(@PartnerIdHelp, ''), coalesce(@Published, false),
                nullif(@KeyLabel, ''), coalesce(@KeyHelp, ''), case when nullif(@KeyLabel, '') is not null then @KeyHeader end,
                case when nullif(@KeyLabel, '') is not null then @KeyScheme end, @HeaderNames, @HeaderValues,
                @Mapping::jsonb, @Rules::jsonb)
            """,
            new
            {
                id, fields.Name, fields.Description, fields.Url, secret.Secret, secret.PreviousSecret, secret.PreviousSecretUntil,
                fields.Signature, fields.PartnerIdLabel,
                fields.PartnerIdHelp, fields.Published, fields.KeyLabel, fields.KeyHelp, fields.KeyHeader, fields.KeyScheme,
                headers.HeaderNames, headers.HeaderValues, Mapping = DestinationChecks.Stored(fields.Mapping),
                Rules = DestinationChecks.Stored(fields.AnswerRules),
            });
        return id;
    }

    private FieldProblems Check(IntegrationFields fields, bool isNew, string signature, string? secret)
    {
        var problems = new FieldProblems();
        if (isNew || fields.Name is not null)
            problems.RequireText("name", fields.Name);
        if (isNew || fields.Description is not null)
            problems.RequireText("description", fields.Description, most: 1000);
        if (isNew || fields.Url is not null)
            problems.RequireDestinationUrl("url", fields.Url, guard);
        if (isNew || fields.Secret is not null)
            problems.RequireText("secret", secret, most: 500);
        problems.CheckText("partner_id_label", fields.PartnerIdLabel, most: 100);
        problems.CheckText("partner_id_help", fields.PartnerIdHelp, most: 1000);
        problems.CheckText("key_label", fields.KeyLabel, most: 100);
        problems.CheckText("key_help", fields.KeyHelp, most: 1000);
        if (fields.KeyHeader is not null && RequestHeaders.NameProblem(fields.KeyHeader) is { } wrongHeader)
            problems.Add("key_header", wrongHeader);
        if (fields.KeyScheme is not null && !IntegrationKey.Schemes.Contains(fields.KeyScheme))
            problems.Add("key_scheme", $"'key_scheme' must be one of {string.Join(", ", IntegrationKey.Schemes)}.");
        problems.CheckHeaders(fields.Headers);
        problems.CheckMapping(fields.Mapping);
        problems.CheckAnswerRules(fields.AnswerRules);
        problems.CheckSignature(signature, secret);
        return problems;
    }
}
