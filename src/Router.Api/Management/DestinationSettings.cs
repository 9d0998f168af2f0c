using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>
/// Changes of a site's destinations, for the API and the pages alike; new ones are made by <see cref="NewDestinations"/>. Secrets go in and
/// never come out. Lead Manager stays.
/// </summary>
internal sealed class DestinationSettings(
    ConfigurationChanges changes, DeliveryCancellation cancellation, SecretProtection secrets, NetworkGuard guard,
    OperatorsReach reach, IOptions<SiteLimitOptions> limits, TimeProvider time)
{
    private const string SecretColumns = "secret, previous_secret, previous_secret_until";

    /// <summary>Changes what is given. Deactivating cancels what waits for it.</summary>
    public async Task<Change<Destination>> Change(Guid site, Guid id, DestinationFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await DestinationRows.Find(change.Connection, site, id, forUpdate: true) is not { } destination)
            return Refusal.NoSuch("destination");
        if (IsForOperators(destination))
            return OperatorsOnly;
        var isLeadManager = DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager;
        if (isLeadManager && fields.Active is false)
            return Refusal.Conflict("Lead Manager is always active: it keeps the site's leads even when every other destination fails.");
        if (isLeadManager && (fields.Actions is not null || fields.Filter is not null || fields.Mapping is not null
            || fields.AnswerRules is not null))
            return Refusal.Conflict("Lead Manager gets everything, as it comes.");
        if (isLeadManager && fields.WhyNotForLeadManager() is { } notItsOwn)
            return Refusal.Conflict(notItsOwn);
        if (fields.Paused is true && (isLeadManager || !(fields.Active ?? destination.Active)))
            return Refusal.Conflict("Only a destination that is on can be paused, and never Lead Manager.");
        if (fields.GenerateSecret is not null)
            return Refusal.Conflict(
                "A new secret is made by POST to the destination's /secret, so that the old one can go on for a while.");
        if (destination.IntegrationId is not null && fields.PartnerId is not null && string.IsNullOrWhiteSpace(fields.PartnerId)
            && await change.Connection.ExecuteScalarAsync<bool>(
                "select partner_id_label is not null from integrations where id = @IntegrationId", new { destination.IntegrationId }))
            return Refusal.Invalid("'partner_id' is required.", "partner_id");

        if (destination.IntegrationId is not null
            && ((fields.Url ?? fields.Secret ?? fields.Signature) is not null || fields.Mapping is not null
                || fields.AnswerRules is not null))
        {
            return Refusal.Conflict(
                "This destination follows its integration: its URL, secret, signature, mapping and the meaning of its answers are changed "
                + "in the catalogue, by an operator.");
        }

        var key = await IntegrationKey.Of(change.Connection, destination.IntegrationId);
        if (fields.Key is not null && (key?.Problem(fields.Key) ?? (key is null ? IntegrationKey.NotAsked : null)) is { } wrongKey)
            return Refusal.Invalid(wrongKey, "key");
        fields = fields.WithKey(key);

        var stored = await change.Connection.QuerySingleAsync<SecretRotation>(
            $"select {SecretColumns} from destinations where id = @id", new { id });
        var kind = DestinationKinds.Parse(destination.Kind);
        var problems = fields.Check(
            isNew: false, fields.Signature ?? destination.Signature, fields.Secret ?? secrets.TryUnprotect(stored.Secret),
            guard.For(site, kind));
        problems.CheckOwnersMaxInFlight(fields.MaxInFlight, destination.MaxInFlight, changes.Account, limits.Value);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var before = await StoredSignIn.Find(change.Connection, id);
        var signIn = before.With(fields, secrets, guard.ForTokens(site, kind), time.GetUtcNow());
        if (signIn.Refusal is { } refusedSignIn)
            return refusedSignIn;
        var goesElsewhere = fields.Url is not null && !Servers.AreSame(fields.Url, destination.Url);
        if (goesElsewhere && before.Elsewhere(fields) is { } elsewhere)
            return elsewhere;
        // Lead Manager is the operators' in any case.
        if ((fields.SaysWhere || fields.SaysWhich) && !isLeadManager
            && await reach.RefusesAddress(change.Connection, site) is { } notTheirs)
            return notTheirs;

        var isSwitchedOff = destination.Active && fields.Active is false;
        var (waiting, until) = isSwitchedOff ? await DeliveryCancellation.Look(change.Connection, id, cancellationToken) : default;
        var rotation = SecretRotation.Of(
            stored, fields.Secret, TimeSpan.FromHours(DestinationChecks.DefaultOverlapHours), secrets, time.GetUtcNow());
        try
        {
            var changed = await change.Connection.QuerySingleAsync<Destination>(
                $"""
                update destinations
                set name = coalesce(@Name, name), url = coalesce(@Url, url), partner_id = coalesce(@PartnerId, partner_id),
                    signature = coalesce(@Signature, signature),{fields.OwnChanges()}
                    mapping = case when @ChangesMapping then @Mapping::jsonb else mapping end,
                    answer_rules = case when @ChangesRules then @Rules::jsonb else answer_rules end,
                    ({StoredSignIn.Columns}) = row ({StoredSignIn.Parameters}),
                    active = coalesce(@Active, active),
                    -- Whoever switches off what the router has switched off agrees with it.
                    inactive_reason = case when @Active is null then inactive_reason end,
                    secret = @Secret, previous_secret = @PreviousSecret, previous_secret_until = @PreviousSecretUntil,
                    paused_at = case @Paused when true then coalesce(paused_at, now()) when false then null else paused_at end,
                    paused_by = case @Paused when true then 'owner' when false then null else paused_by end,
                    pause_reason = case when @Paused is null then pause_reason end
                where id = @id
                returning {DestinationRows.Columns}
                """,
                signIn.Made!.With(new
                {
                    id, fields.Name, fields.Url, fields.PartnerId, fields.Signature, fields.Active, fields.Paused,
                    ChangesMapping = fields.Mapping is not null, Mapping = DestinationChecks.Stored(fields.Mapping),
                    ChangesRules = fields.AnswerRules is not null, Rules = DestinationChecks.Stored(fields.AnswerRules),
                    rotation.Secret, rotation.PreviousSecret, rotation.PreviousSecretUntil,
                }).WithOwn(fields));
            await change.Commit(cancellationToken);
            if (fields.SaysWhere)
                await reach.TellOfAddress(site, id, changed.Name, changed.Url, cancellationToken);
            if (isSwitchedOff)
                await cancellation.All(id, until, cancellationToken);
            return changed with { CanceledDeliveries = isSwitchedOff ? waiting : null };
        }
        catch (PostgresException unproven) when (unproven.ConstraintName == "active_is_proven")
        {
            return NotProven(destination.Name);
        }
        catch (PostgresException refused) when (TakenNames.Refusal(refused, fields.Name) is { } refusal)
        {
            return refusal;
        }
    }

    /// <summary>Gives it a new secret.</summary>
    public async Task<Change<RotatedSecret>> Rotate(Guid site, Guid id, NewSecret request, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await DestinationRows.Find(change.Connection, site, id, forUpdate: true) is not { } destination)
            return Refusal.NoSuch("destination");
        if (IsForOperators(destination))
            return OperatorsOnly;
        if (destination.IntegrationId is not null)
            return Refusal.Conflict("This destination follows its integration: its secret is rotated in the catalogue, by an operator.");

        var secret = request.Secret ?? WebhookSecret.Generate();
        if (request.Check(destination.Signature, secret) is { Any: true } problems)
            return Refusal.Invalid(problems);

        var stored = await change.Connection.QuerySingleAsync<SecretRotation>(
            $"select {SecretColumns} from destinations where id = @id", new { id });
        var rotation = SecretRotation.Of(
            stored, secret, TimeSpan.FromHours(request.OverlapHours ?? DestinationChecks.DefaultOverlapHours), secrets, time.GetUtcNow());
        if (request.KeepsOldest && request.OverlapHours is null && stored is { PreviousSecret: not null }
            && stored.PreviousSecretUntil > time.GetUtcNow().AddHours(DestinationChecks.DefaultOverlapHours).AddMinutes(-5))
            rotation = stored with { Secret = rotation.Secret };
        await change.Connection.ExecuteAsync(
            """
            update destinations
            set secret = @Secret, previous_secret = @PreviousSecret, previous_secret_until = @PreviousSecretUntil where id = @id
            """,
            new { id, rotation.Secret, rotation.PreviousSecret, rotation.PreviousSecretUntil });
        await change.Commit(cancellationToken);
        return new RotatedSecret(
            request.Secret is null ? secret : null, rotation.PreviousSecretUntil) { Warning = SecretStrength.Warning(request.Secret) };
    }

    /// <summary>Deletes it; how many waiting deliveries were canceled.</summary>
    public async Task<Change<int>> Delete(Guid site, Guid id, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await DestinationRows.Find(change.Connection, site, id, forUpdate: true) is not { } destination)
            return Refusal.NoSuch("destination");
        if (DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager)
            return Refusal.Conflict("Lead Manager cannot be deleted: every site keeps its leads there.");

        var (waiting, before) = await DeliveryCancellation.Look(change.Connection, id, cancellationToken);
        await change.Connection.ExecuteAsync("update destinations set active = false, deleted_at = now() where id = @id", new { id });
        await change.Commit(cancellationToken);
        await cancellation.All(id, before, cancellationToken);
        return waiting;
    }

    private bool IsForOperators(Destination destination) =>
        DestinationKinds.Parse(destination.Kind) == DestinationKind.LeadManager && !changes.Account.IsOperator;

    private static Refusal OperatorsOnly =>
        new(StatusCodes.Status403Forbidden, "Lead Manager is set up by the operators of this router: ask them for a change.");

    internal static Refusal NotProven(string name) => Refusal.Conflict(
        $"{name} is off: this site requires that a destination has passed the go-live check before it becomes active. "
        + "Save it switched off, run the check, then switch it on.");
}
