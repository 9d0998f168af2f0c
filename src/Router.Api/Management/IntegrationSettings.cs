using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>An integration of the catalogue.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What the card says.</param>
/// <param name="Description">What it does for a site, in a sentence or two.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID, for example "Account ID".</param>
/// <param name="PartnerIdHelp">Where a site's owner finds it.</param>
/// <param name="Published">Whether sites can connect to it.</param>
/// <param name="Url">Where leads are POSTed. For operators.</param>
/// <param name="Signature">How requests are signed. For operators.</param>
/// <param name="Connected">How many sites are connected. For operators.</param>
internal sealed record Integration(
    Guid Id, string Name, string Description, string PartnerIdLabel, string PartnerIdHelp, bool Published, string? Url, string? Signature,
    int? Connected);

/// <summary>What may be said of an integration. A change leaves alone what is absent.</summary>
internal sealed record IntegrationFields(
    string? Name = null, string? Description = null, string? Url = null, string? Secret = null, string? Signature = null,
    string? PartnerIdLabel = null,
    string? PartnerIdHelp = null, bool? Published = null);

/// <summary>Changes of the catalogue, for the API and the pages alike. An integration's destinations follow it at once.</summary>
internal sealed class IntegrationSettings(ConfigurationChanges changes, SecretProtection secrets, NetworkGuard guard, TimeProvider time)
{
    private const string Columns = """
        i.id, i.name, i.description, i.partner_id_label, i.partner_id_help, i.published, i.url, i.signature,
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
        if (Check(fields, isNew: true, fields.Signature ?? SignatureScheme.LeadRouter.Text(), fields.Secret) is { Any: true } problems)
            return Refusal.Invalid(problems);

        await using var change = await changes.Begin(cancellationToken);
        return await Named(fields.Name, async () =>
        {
            var id = await Insert(change.Connection, fields, new SecretRotation(secrets.Protect(fields.Secret!), null, null));
            var made = await Find(change.Connection, id);
            await change.Commit(cancellationToken);
            return made!;
        });
    }

    public async Task<Change<Integration>> Change(Guid id, IntegrationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var row = await change.Connection.QuerySingleOrDefaultAsync<(
            string Signature, string Secret, string? Previous, DateTimeOffset? Until)?>(
            "select signature, secret, previous_secret, previous_secret_until from integrations where id = @id for update", new { id });
        if (row is not { } stored)
            return Refusal.NoSuch("integration");
        if (Check(fields, isNew: false, fields.Signature ?? stored.Signature, fields.Secret
            ?? secrets.TryUnprotect(stored.Secret)) is { Any: true } problems)
            return Refusal.Invalid(problems);

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
                    partner_id_label = coalesce(@PartnerIdLabel, partner_id_label),
                    partner_id_help = coalesce(@PartnerIdHelp, partner_id_help),
                    published = coalesce(@Published, published), secret = @Secret, previous_secret = @PreviousSecret,
                    previous_secret_until = @PreviousSecretUntil
                where id = @id
                """,
                new
                {
                    id, fields.Name, fields.Description, fields.Url, fields.Signature, fields.PartnerIdLabel, fields.PartnerIdHelp,
                    fields.Published,
                    rotation.Secret, rotation.PreviousSecret, rotation.PreviousSecretUntil,
                });
            var changed = await Find(change.Connection, id);
            await change.Commit(cancellationToken);
            return changed!;
        });
    }

    /// <summary>Makes a custom API an integration, not yet published; the site's destination follows it from then on.</summary>
    public async Task<Change<Integration>> Promote(
        Guid site, Guid destinationId, IntegrationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await DestinationRows.Find(change.Connection, site, destinationId, forUpdate: true) is not { } destination)
            return Refusal.NoSuch("destination");
        if (DestinationKinds.Parse(destination.Kind) != DestinationKind.Custom)
            return Refusal.Conflict("Only a custom API can be promoted into the catalogue.");

        var secret = await change.Connection.QuerySingleAsync<SecretRotation>(
            "select secret, previous_secret, previous_secret_until from destinations where id = @destinationId", new { destinationId });
        var promoted = fields with { Name = fields.Name ?? destination.Name, Url = destination.Url, Signature = destination.Signature,
            Secret = null, Published = fields.Published ?? false };
        if (Check(promoted, isNew: true, destination.Signature, secrets.TryUnprotect(secret.Secret)) is { Any: true } problems)
            return Refusal.Invalid(problems);

        return await Named(promoted.Name, async () =>
        {
            var id = await Insert(change.Connection, promoted, secret);
            await change.Connection.ExecuteAsync(
                "update destinations set kind = 'registered', integration_id = @id where id = @destinationId", new { id, destinationId });
            var made = await Find(change.Connection, id);
            await change.Commit(cancellationToken);
            return made!;
        });
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

    private async Task<Guid> Insert(NpgsqlConnection connection, IntegrationFields fields, SecretRotation secret)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await connection.ExecuteAsync(
            """
            insert into integrations (
                id, name, description, url, secret, previous_secret, previous_secret_until, signature,
                partner_id_label, partner_id_help, published)
            values (
                @id, @Name, @Description, @Url, @Secret, @PreviousSecret, @PreviousSecretUntil, coalesce(@Signature, 'lead_router'),
                coalesce(@PartnerIdLabel, 'Partner ID'), coalesce(@PartnerIdHelp, ''), coalesce(@Published, false))
            """,
            new
            {
                id, fields.Name, fields.Description, fields.Url, secret.Secret, secret.PreviousSecret, secret.PreviousSecretUntil,
                fields.Signature, fields.PartnerIdLabel,
                fields.PartnerIdHelp, fields.Published,
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
        if (fields.PartnerIdLabel is not null)
            problems.RequireText("partner_id_label", fields.PartnerIdLabel, most: 100);
        problems.CheckText("partner_id_help", fields.PartnerIdHelp, most: 1000);
        problems.CheckSignature(signature, secret);
        return problems;
    }
}
