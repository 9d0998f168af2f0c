using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.OpenApi;
using Router.Core.Leads;
using Router.Core.Leads.Validation;
using Router.Core.Sites;

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
        v1.MapGet("/users", List).WithName("listUsers").WithSummary("The site's users").WithMetadata(new IncomingDescription(Body: null, 200));
        v1.MapPut("/users/{user}", Put).WithName("putUser").WithSummary("Lead Manager alone: a user, with all its fields")
            .WithMetadata(new IncomingDescription("User", 200, """{"name": "Ben Harper", "role": "Agent", "admin": false, "email": "ben@mail.test"}"""));
        v1.MapDelete("/users/{user}", Delete).WithName("deleteUser").WithSummary("Lead Manager alone: a user is gone").WithMetadata(new IncomingDescription(Body: null, 200));
    }

    private static async Task<IResult> List(HttpContext context, Guid site, NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync(context.RequestAborted);
        var users = await connection.QueryAsync<byte[]>("select body from users where site_id = @site order by user_id", new { site });
        return Results.Json(users.Select(body => new RawJson(body)).ToList(), contentType: "application/json");
    }

    private static async Task<IResult> Put(
        HttpContext context, Guid site, string user, NpgsqlDataSource database, LeadPublisher publisher, IOptions<IncomingOptions> options, TimeProvider time)
    {
        if (Refuse(context, user) is { } refused)
            return refused;

        var (body, error) = await LeadBody.Read(context, JsonValueKind.Object, options.Value.BodyTimeout);
        if (body is null)
            return error!;

        using (body)
        {
            if (LeadValidator.User(body.Root) is [var first, ..])
                return new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence);

            if (EventStamp.Of(context, site, time) is not { } stamp)
                return EventStamp.Refused;

            var stored = LeadShape.WithId(body.Root, user);
            const string sql = """
                insert into users (site_id, user_id, body) values (@site, @user, @Body)
                on conflict (site_id, user_id) do update set body = excluded.body, updated_at = now()
                """;
            await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
                await connection.ExecuteAsync(sql, new { site, user, Body = stored.Utf8.ToArray() });
            return await Publish(stamp, user, stored, publisher);
        }
    }

    /// <summary>Announced also when the user wasn't known here: receivers may know it.</summary>
    private static async Task<IResult> Delete(HttpContext context, Guid site, string user, NpgsqlDataSource database, LeadPublisher publisher, TimeProvider time)
    {
        if (Refuse(context, user) is { } refused)
            return refused;

        if (EventStamp.Of(context, site, time) is not { } stamp)
            return EventStamp.Refused;

        byte[]? known;
        await using (var connection = await database.OpenConnectionAsync(context.RequestAborted))
            known = await connection.QuerySingleOrDefaultAsync<byte[]?>("select body from users where site_id = @site and user_id = @user", new { site, user });
        var published = await Publish(stamp, user, LeadShape.Deleted(new RawJson(known ?? "{}"u8.ToArray())), publisher);
        // Only then: until it is published, a repeated request must find what to announce.
        if (published is Accepted)
        {
            await using var connection = await database.OpenConnectionAsync(context.RequestAborted);
            await connection.ExecuteAsync("delete from users where site_id = @site and user_id = @user", new { site, user });
        }

        return published;
    }

    private static IncomingError? Refuse(HttpContext context, string user) => (context.Features.Get<Product>()!.IsLeadManager, user) switch
    {
        (false, _) => new IncomingError(StatusCodes.Status403Forbidden, "Only the Lead Manager may change users."),
        (_, { Length: > LongestId }) => new IncomingError(StatusCodes.Status404NotFound, $"A user's id has at most {LongestId} characters."),
        _ when user.Any(char.IsControl) => new IncomingError(StatusCodes.Status404NotFound, "A user's id holds no control characters."),
        _ => null,
    };

    private static async Task<IResult> Publish(EventStamp stamp, string user, RawJson body, LeadPublisher publisher) =>
        await publisher.Publish(stamp.Event(LeadActions.UserUpdated, user, body)) ?? (IResult)Accepted.Ok;
}
