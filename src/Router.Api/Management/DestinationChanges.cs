using Dapper;
using Npgsql;
using Router.Api.OpenApi;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>Creating, changing and rotating.</summary>
internal static class DestinationChanges
{
    private const double DefaultOverlapHours = 24;

    // The old secret is kept only when there is a new one; a second rotation in the overlap keeps the latest.
    private const string Rotate = """
        previous_secret = case when @Secret <> secret and @Overlap > interval '0' then secret when @Secret <> secret then null else previous_secret end,
        previous_secret_until = case when @Secret <> secret and @Overlap > interval '0' then now() + @Overlap when @Secret <> secret then null else previous_secret_until end,
        secret = coalesce(@Secret, secret)
        """;

    public static void MapDestinationChanges(this RouteGroupBuilder destinations)
    {
        destinations.MapPost("", Create).WithName("createDestination").WithSummary("Add a custom API")
            .Produces<CreatedDestination>(201).ProducesProblem(404).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""
                {"name": "My API", "url": "https://example.com/leads", "generate_secret": true, "partner_id": "42", "signature": "both"}
                """));
        destinations.MapPatch("/{id:uuid}", Change).WithName("changeDestination").WithSummary("Change what is given")
            .Produces<Destination>().ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"active": false}"""));
        destinations.MapPost("/{id:uuid}/secret", NewSecret).WithName("rotateSecret").WithSummary("Rotate the secret, with an overlap")
            .Produces<RotatedSecret>().ProducesProblem(404).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"overlap_hours": 24}"""));
    }

    private static async Task<IResult> Create(Guid site, DestinationFields request, NpgsqlDataSource database, TimeProvider time, CancellationToken cancellationToken)
    {
        var signature = request.Signature ?? SignatureSchemes.LeadRouter;
        var secret = request.GenerateSecret is true ? WebhookSecret.Generate() : request.Secret;
        var problems = new FieldProblems();
        problems.RequireText("name", request.Name);
        problems.RequireUrl("url", request.Url);
        problems.RequireText("secret", secret, most: 500);
        problems.CheckText("partner_id", request.PartnerId);
        problems.CheckSignature(signature, secret);
        problems.CheckMaxInFlight(request.MaxInFlight);
        if (problems.Any)
            return Problems.Invalid(problems);

        var created = new CreatedDestination(
            Guid.CreateVersion7(time.GetUtcNow()), DestinationKinds.Custom, request.Name!, request.Url!, request.PartnerId ?? "", request.Active ?? true,
            signature, request.GenerateSecret is true ? secret : null);
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(
                """
                insert into destinations (id, site_id, kind, name, url, secret, partner_id, active, signature, max_in_flight)
                values (@Id, @site, @Kind, @Name, @Url, @secret, @PartnerId, @Active, @Signature, @MaxInFlight)
                """,
                new { created.Id, site, created.Kind, created.Name, created.Url, secret, created.PartnerId, created.Active, created.Signature, request.MaxInFlight });
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Problems.NoSuch("site");
        }

        return TypedResults.Created($"/api/sites/{site}/destinations/{created.Id}", created);
    }

    private static async Task<IResult> Change(Guid site, Guid id, DestinationFields request, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await DestinationsApi.Find(connection, site, id) is not { } destination)
            return Problems.NoSuch("destination");
        if (destination.Kind == DestinationKinds.LeadManager && request.Active is false)
            return Problems.Conflict("Lead Manager is always active: it keeps the site's leads even when every other destination fails.");

        var problems = new FieldProblems();
        if (request.Name is not null)
            problems.RequireText("name", request.Name);
        if (request.Url is not null)
            problems.RequireUrl("url", request.Url);
        if (request.Secret is not null)
            problems.RequireText("secret", request.Secret, most: 500);
        problems.CheckText("partner_id", request.PartnerId);
        problems.CheckMaxInFlight(request.MaxInFlight);
        problems.CheckSignature(request.Signature ?? destination.Signature, request.Secret ?? await SecretOf(connection, id));
        if (problems.Any)
            return Problems.Invalid(problems);

        var changed = await connection.QuerySingleOrDefaultAsync<Destination>(
            $"""
            update destinations
            set name = coalesce(@Name, name), url = coalesce(@Url, url), partner_id = coalesce(@PartnerId, partner_id),
                signature = coalesce(@Signature, signature), max_in_flight = coalesce(@MaxInFlight, max_in_flight), active = coalesce(@Active, active),
                {Rotate}
            where id = @id and deleted_at is null
            returning {DestinationsApi.Columns}
            """,
            new
            {
                id, request.Name, request.Url, request.PartnerId, request.Signature, request.Active, request.Secret, request.MaxInFlight,
                Overlap = TimeSpan.FromHours(DefaultOverlapHours),
            });
        return changed is null ? Problems.NoSuch("destination") : TypedResults.Ok(changed);
    }

    private static async Task<IResult> NewSecret(Guid site, Guid id, NewSecret request, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await DestinationsApi.Find(connection, site, id) is not { } destination)
            return Problems.NoSuch("destination");

        var secret = request.Secret ?? WebhookSecret.Generate();
        var overlap = request.OverlapHours ?? DefaultOverlapHours;
        var problems = new FieldProblems();
        problems.RequireText("secret", secret, most: 500);
        problems.CheckSignature(destination.Signature, secret);
        if (overlap is not (>= 0 and <= 168))
            problems.Add("overlap_hours", "'overlap_hours' must be from 0 to 168.");
        if (problems.Any)
            return Problems.Invalid(problems);

        var until = await connection.ExecuteScalarAsync<DateTime?>(
            $"update destinations set {Rotate} where id = @id and deleted_at is null returning previous_secret_until",
            new { id, Secret = secret, Overlap = TimeSpan.FromHours(overlap) });
        return TypedResults.Ok(new RotatedSecret(request.Secret is null ? secret : null, until));
    }

    private static Task<string?> SecretOf(NpgsqlConnection connection, Guid id) =>
        connection.ExecuteScalarAsync<string?>("select secret from destinations where id = @id", new { id });

    private static void CheckMaxInFlight(this FieldProblems problems, int? limit)
    {
        if (limit is < 1 or > 10_000)
            problems.Add("max_in_flight", "'max_in_flight' must be from 1 to 10000.");
    }

    private static void CheckSignature(this FieldProblems problems, string signature, string? secret)
    {
        if (signature is not (SignatureSchemes.LeadRouter or SignatureSchemes.StandardWebhooks or SignatureSchemes.Both))
            problems.Add("signature", "'signature' must be lead_router, standard_webhooks or both.");
        else if (signature != SignatureSchemes.LeadRouter && secret is not null && !WebhookSecret.TryDecode(secret, out _))
            problems.Add("secret", "'secret' must be whsec_ and base64 of 24 to 64 bytes for Standard Webhooks; leave it to the router to generate one.");
    }
}
