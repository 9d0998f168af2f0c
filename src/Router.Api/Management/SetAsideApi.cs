using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Requests;
using Router.Core.SetAside;

namespace Router.Api.Management;

/// <summary>Messages that couldn't be taken. For operators.</summary>
internal static class SetAsideApi
{
    private const int LargestBody = 128 * 1024 * 1024;

    internal sealed record Done(int Count);

    public static void MapSetAside(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/set-aside").RequireAuthorization(RouterAuthentication.OperatorPolicy).ProducesProblem(403);
        group.MapGet("", List).WithName("listSetAside")
            .WithSummary("Messages that couldn't be taken, newest first; nothing of their contents").Produces<Page<SetAsideMessage>>();
        group.MapGet("/{id:guid}/message", Show).WithName("showSetAside")
            .WithSummary("The contents of one; that you looked is in the audit log").Produces<byte[]>(200, "application/octet-stream")
            .ProducesProblem(404);
        group.MapPut("/{id:guid}/message", Correct).WithName("correctSetAside").WithSummary("Replace the contents of one").Produces(204)
            .WithMetadata(new LargerBodyAttribute(LargestBody))
            .ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        group.MapPost("/{id:guid}/send", Send).WithName("sendSetAside").WithSummary("Send one again").Produces<Done>().ProducesProblem(404)
            .ProducesProblem(409);
        group.MapDelete("/{id:guid}", Delete).WithName("deleteSetAside").WithSummary("Delete one for good").Produces(204)
            .ProducesProblem(404);
        group.MapPost("/send", SendAll).WithName("sendAllSetAside")
            .WithSummary("Send again what can be sent, a thousand at a time, of one reason or of all").Produces<Done>();
    }

    private static async Task<IResult> List(SetAsideMessages messages, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        return TypedResults.Ok(
            Page<SetAsideMessage>.Of(await messages.Newest(cursor, take + 1, cancellationToken), take, row => row.Id.ToString("D")));
    }

    private static async Task<IResult> Show(Guid id, SetAsideSettings settings, CancellationToken cancellationToken) =>
        await settings.Show(id, cancellationToken) is { } contents ? TypedResults.Bytes(contents, "application/octet-stream")
            : Problems.NoSuch("message");

    private static async Task<IResult> Correct(
        Guid id, HttpRequest request, SetAsideSettings settings, CancellationToken cancellationToken) =>
        (await settings.Correct(id, WholeBodies.Of(request), cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Send(
        Guid id, SetAsideSettings settings, SetAsideMessages messages, CancellationToken cancellationToken) =>
        await settings.SendAgain(id, reason: null, cancellationToken) == 1 ? TypedResults.Ok(new Done(1))
        : await messages.Find(id, cancellationToken) is null ? Problems.NoSuch("message")
        : TypedResults.Problem("It can't be sent as it is: it is too large, or its contents are deleted. Correct or delete it.",
            statusCode: StatusCodes.Status409Conflict);

    private static async Task<IResult> Delete(Guid id, SetAsideSettings settings, CancellationToken cancellationToken) =>
        await settings.Delete(id, reason: null, cancellationToken) == 1 ? TypedResults.NoContent() : Problems.NoSuch("message");

    private static async Task<IResult> SendAll(string? reason, SetAsideSettings settings, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Done(await settings.SendAgain(id: null, reason, cancellationToken)));
}
