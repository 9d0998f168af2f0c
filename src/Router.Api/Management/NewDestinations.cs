using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>Adds destinations to a site, for the API and the pages alike.</summary>
internal sealed class NewDestinations(
    ConfigurationChanges changes, SiteUse use, SecretProtection secrets, NetworkGuard guard, OperatorsReach reach,
    IOptions<SiteLimitOptions> limits, TimeProvider time)
{
    /// <summary>Adds a custom API.</summary>
    public async Task<Change<CreatedDestination>> Create(Guid site, DestinationFields fields, CancellationToken cancellationToken)
    {
        if (fields.Key is not null)
            return Refusal.Invalid(IntegrationKey.NotAsked, "key");

        var signature = fields.Signature ?? SignatureScheme.LeadRouter.Text();
        var secret = fields.GenerateSecret is true ? WebhookSecret.Generate() : fields.Secret;
        var problems = fields.Check(isNew: true, signature, secret, guard.For(site, DestinationKind.Custom));
        problems.CheckOwnersMaxInFlight(fields.MaxInFlight, null, changes.Account, limits.Value);
        if (problems.Any)
            return Refusal.Invalid(problems);

        await using var change = await changes.Begin(cancellationToken);
        return await Insert(change, site, fields, new SecretRotation(secrets.Protect(secret!), null, null),
            new CreatedDestination(
            Guid.CreateVersion7(time.GetUtcNow()), DestinationKind.Custom.Text(), null, fields.Name!, fields.Url!,
            fields.PartnerId ?? "", fields.Active ?? true,
            signature, fields.GenerateSecret is true ? secret : null), cancellationToken);
    }

    /// <summary>Connects an integration of the catalogue.</summary>
    public async Task<Change<CreatedDestination>> Connect(Guid site, DestinationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        // Whoever changes it meanwhile finds this destination there and changes it, too.
        var integration = await change.Connection.QuerySingleOrDefaultAsync<Connectable>(
            """
            select id, name, url, signature, secret, previous_secret, previous_secret_until, partner_id_label
            from integrations where id = @IntegrationId and published for share
            """,
            new { fields.IntegrationId });
        if (integration is not { } chosen)
            return Refusal.NoSuch("integration");

        var problems = new FieldProblems();
        problems.CheckText("name", fields.Name);
        if (chosen.PartnerIdLabel is null)
            problems.CheckText("partner_id", fields.PartnerId);
        else
            problems.RequireText("partner_id", fields.PartnerId);
        var key = await IntegrationKey.Of(change.Connection, chosen.Id);
        if ((key is null ? fields.Key is null ? null : IntegrationKey.NotAsked : key.Problem(fields.Key)) is { } wrongKey)
            problems.Add("key", wrongKey);
        problems.CheckOwn(fields);
        problems.CheckOwnersMaxInFlight(fields.MaxInFlight, null, changes.Account, limits.Value);
        if ((fields.Url ?? fields.Secret ?? fields.Signature) is not null || fields.GenerateSecret is not null)
            problems.Add("integration_id", "An integration brings its own URL, secret and signature: leave them out.");
        if (fields.Mapping is not null || fields.AnswerRules is not null)
            problems.Add("integration_id", "An integration brings its own mapping and knows what its answers mean: leave them out.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        return await Insert(change, site, fields.WithKey(key),
            new SecretRotation(chosen.Secret, chosen.PreviousSecret, chosen.PreviousSecretUntil), new CreatedDestination(
            Guid.CreateVersion7(time.GetUtcNow()), DestinationKind.Registered.Text(), chosen.Id,
            string.IsNullOrWhiteSpace(fields.Name) ? chosen.Name : fields.Name, chosen.Url,
            fields.PartnerId ?? "", fields.Active ?? true, chosen.Signature, Secret: null), cancellationToken);
    }

    private async Task<Change<CreatedDestination>> Insert(
        ConfigurationChange change, Guid site, DestinationFields fields, SecretRotation secret, CreatedDestination created,
        CancellationToken cancellationToken)
    {
        var signIn = StoredSignIn.None.With(
            fields, secrets, guard.ForTokens(site, DestinationKinds.Parse(created.Kind)), time.GetUtcNow());
        if (signIn.Refusal is { } refusedSignIn)
            return refusedSignIn;
        if (await reach.RefusesAddress(change.Connection, site) is { } notTheirs)
            return notTheirs;

        try
        {
            // One after the other for a site: a button that was pressed twice must not make two destinations, each with every lead.
            await change.Connection.ExecuteAsync("select from sites where id = @site for no key update", new { site });
            var wanted = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                [SiteLimitNames.Destinations] = 1, [SiteLimitNames.WaitingMegabytes] = 0,
            };
            if (await use.Refusal(change.Connection, site, wanted, cancellationToken) is { } full)
                return Refusal.Conflict(full);

            await change.Connection.ExecuteAsync(
                $"""
                insert into destinations (
                    id, site_id, kind, integration_id, name, url, secret, previous_secret, previous_secret_until, partner_id,
                    active, signature, mapping, answer_rules, {StoredSignIn.Columns}{fields.OwnColumns()})
                values (
                    @Id, @site, @Kind, @IntegrationId, @Name, @Url, @Secret, @PreviousSecret, @PreviousSecretUntil, @PartnerId,
                    @Active, @Signature, @Mapping::jsonb, @Rules::jsonb, {StoredSignIn.Parameters}{fields.OwnParameters()})
                """,
                signIn.Made!.With(new
                {
                    created.Id, site, created.Kind, created.IntegrationId, created.Name, created.Url, secret.Secret, secret.PreviousSecret,
                    secret.PreviousSecretUntil, created.PartnerId, created.Active, created.Signature,
                    Mapping = DestinationChecks.Stored(fields.Mapping), Rules = DestinationChecks.Stored(fields.AnswerRules),
                }).WithOwn(fields));
            await change.Commit(cancellationToken);
            await reach.TellOfAddress(site, created.Id, created.Name, created.Url, cancellationToken);
            return created;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Refusal.NoSuch("site");
        }
        catch (PostgresException twice) when (twice.ConstraintName == "destinations_integration_once")
        {
            return Refusal.Conflict("The site is connected to this integration already: change that destination instead.");
        }
        catch (PostgresException unproven) when (unproven.ConstraintName == "active_is_proven")
        {
            return DestinationSettings.NotProven(created.Name);
        }
        catch (PostgresException refused) when (TakenNames.Refusal(refused, created.Name) is { } refusal)
        {
            return refusal;
        }
    }

    private sealed record Connectable(
        Guid Id, string Name, string Url, string Signature, string Secret, string? PreviousSecret, DateTimeOffset? PreviousSecretUntil,
        string? PartnerIdLabel);
}
