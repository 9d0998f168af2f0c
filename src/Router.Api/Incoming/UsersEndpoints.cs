using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Leads;
using Router.Core.Leads.Validation;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>
/// A site's users, as Lead Manager tells them; every product of the site may read them. A change is stored first and
/// published then: should the publishing fail, the caller hears of it and says the same again.
/// </summary>
internal static class UsersEndpoints
{
    private const int LongestId = 200;

    public static void MapUsers(this RouteGroupBuilder v1)
    {
        v1.MapGet("/users", List).WithName("listUsers").WithSummary("The site's users")
            .WithMetadata(new IncomingDescription(Body: null, 200));
        v1.MapPut("/users/{user}", Put).WithName("putUser").WithSummary("Lead Manager alone: a user, with all its fields")
            .WithMetadata(new IncomingDescription(
                "User", 200, """{"name": "Ben Harper", "role": "Agent", "admin": false, "email": "ben@mail.test"}"""));
        // The vendor's gem did so before it used PUT.
        v1.MapPatch("/users/{user}", Put).WithName("patchUser").ExcludeFromDescription();
        v1.MapDelete("/users/{user}", Delete).WithName("deleteUser").WithSummary("Lead Manager alone: a user is gone")
            .WithMetadata(new IncomingDescription(Body: null, 200));
    }

    private static async Task<IResult> List(HttpContext context, Guid site, NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync(context.RequestAborted);
        var users = await connection.QueryAsync<byte[]>("select body from users where site_id = @site order by user_id", new { site });
        return Results.Json(users.Select(body => new RawJson(body)).ToList(), contentType: "application/json");
    }

    private static async Task<IResult> Put(
        HttpContext context, Guid site, string user, NpgsqlDataSource database, LeadPublisher publisher, EventStamps stamps,
        BodyRoom large, IOptions<IncomingOptions> options)
    {
        user = IdOf(context, user);
        if (Refuse(context, user) is { } refused)
            return refused;

        var (body, error, _) = await LeadBody.Read(context, JsonValueKind.Object, options.Value.BodyTimeout, large);
        if (body is null)
            return error!;

        using (body)
        {
            if (LeadValidator.User(body.Root) is [var first, ..])
                return new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence);

            return await Once(context, site, user, body.Raw, stamps, async stamp =>
            {
                var stored = LeadNormalizer.WithId(body.Root, user);
                // A repetition must not undo what came after the first.
                const string sql = """
                    insert into users (site_id, user_id, body) values (@site, @user, @Body)
                    on conflict (site_id, user_id) do update set body = excluded.body, updated_at = now()
                    where not @IsRepetition or users.updated_at <= @AcceptedAt
                    """;
                await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
                    await connection.ExecuteAsync(
                        sql, new { site, user, Body = stored.Utf8.ToArray(), stamp.IsRepetition, stamp.AcceptedAt });
                return await publisher.Publish(stamp.Event(LeadAction.UserUpdated, user, stored), stamp.IsRepetition);
            });
        }
    }

    /// <summary>Announced also when the user wasn't known here: receivers may know it.</summary>
    private static async Task<IResult> Delete(
        HttpContext context, Guid site, string user, NpgsqlDataSource database, LeadPublisher publisher, EventStamps stamps)
    {
        user = IdOf(context, user);
        if (Refuse(context, user) is { } refused)
            return refused;

        return await Once(context, site, user, body: default, stamps, async stamp =>
        {
            byte[]? known;
            await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
                known = await connection.QuerySingleOrDefaultAsync<byte[]?>(
                    "select body from users where site_id = @site and user_id = @user", new { site, user });
            if (await publisher.Publish(
                stamp.Event(LeadAction.UserUpdated, user, LeadNormalizer.Deleted(new RawJson(known ?? "{}"u8.ToArray()))),
                stamp.IsRepetition) is { } error)
                return error;

            // Only then: until it is published, a repeated request must find what to announce.
            await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
            {
                await connection.ExecuteAsync(
                    "delete from users where site_id = @site and user_id = @user and (not @IsRepetition or updated_at <= @AcceptedAt)",
                    new { site, user, stamp.IsRepetition, stamp.AcceptedAt });
            }

            return null;
        });
    }

    /// <summary>Stamps the request and does the work; a failed one leaves its <c>Idempotency-Key</c> to the next.</summary>
    private static async Task<IResult> Once(
        HttpContext context, Guid site, string user, RawJson body, EventStamps stamps, Func<EventStamp, Task<IncomingError?>> work)
    {
        var (stamp, refused) = await stamps.Stamp(context, site, user, body);
        if (stamp is null)
            return refused!;

        var isDone = false;
        try
        {
            var error = await work(stamp);
            isDone = error is null;
            return error ?? (IResult)Accepted.Ok;
        }
        finally
        {
            if (!isDone)
                await stamps.Release(stamp);
        }
    }

    /// <summary>
    /// A slash in an id comes as %2F, which the server leaves alone; what it hands out can't be told from the text "%2F" (%252F) any more.
    /// </summary>
    private static string IdOf(HttpContext context, string user)
    {
        if (!user.Contains("%2F", StringComparison.OrdinalIgnoreCase))
            return user;

        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0].TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    private static IncomingError? Refuse(HttpContext context, string user) => (context.Features.Get<Product>()!.IsLeadManager, user) switch
    {
        (false, _) => new IncomingError(StatusCodes.Status403Forbidden, "Only the Lead Manager may change users."),
        (_, { Length: > LongestId }) =>
            new IncomingError(StatusCodes.Status404NotFound, $"A user's id has at most {LongestId} characters."),
        _ when user.Any(char.IsControl) => new IncomingError(StatusCodes.Status404NotFound, "A user's id holds no control characters."),
        _ => null,
    };
}
