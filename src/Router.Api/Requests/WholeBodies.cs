using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Router.Api.Authentication;
using Router.Api.Incoming;

namespace Router.Api.Requests;

/// <summary>
/// What people and their programs send is read as a whole before anything else is held for it: whoever sends slowly keeps nobody out, and
/// is cut off. Large bodies are counted before that, those for one site up to a third; operators, who can shut somebody out, have room of
/// their own.
/// </summary>
internal static class WholeBodies
{
    // A third is the largest form there is.
    private const int MostBytes = 24 * 1024 * 1024;

    // Half is the largest message there is.
    private const int MostOfOperators = 256 * 1024 * 1024;

    private static readonly TimeSpan PatienceForRoom = TimeSpan.FromSeconds(2);

    // What doesn't come in this time isn't on its way; more of it may take longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int SlowestPerSecond = 256 * 1024;

    public static void UseWholeBodies(this WebApplication app)
    {
        var people = new BodyRoom(MostBytes, shares: 3, PatienceForRoom);
        var operators = new BodyRoom(MostOfOperators, shares: 2, PatienceForRoom);
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            people.Dispose();
            operators.Dispose();
        });
        app.Use(async (context, next) =>
        {
            // Where nobody takes a body it needn't be here.
            if (IncomingEndpoints.Owns(context.Request.Path) || !BodyLimits.IsTaken(context)
                || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not true)
            {
                await next(context);
                return;
            }

            var limit = BodyLimits.Of(context);
            if (!BodyLimits.Fits(context, limit))
                return;

            // Strangers have small ones only.
            var large = context.SignedIn() is not { } account ? null : account.Role == Roles.Operator ? operators : people;
            if (await Read(context, limit, large) is not { } refused)
            {
                await next(context);
                return;
            }

            context.Response.StatusCode = refused;
            // What of it did arrive is of no use, and neither is the connection.
            if (refused == StatusCodes.Status408RequestTimeout)
                context.Response.Headers.Connection = "close";
            if (refused == StatusCodes.Status429TooManyRequests)
                context.Response.Headers.RetryAfter = "5";
        });
    }

    /// <summary>The body as it came, empty where there is none; without another copy where it said how large it is.</summary>
    public static byte[] Of(HttpRequest request) => request.Body is not MemoryStream body ? []
        : body.GetBuffer() is var bytes && bytes.Length == body.Length ? bytes : body.ToArray();

    /// <summary>Reads it into memory; the status of the answer where that can't be.</summary>
    private static async Task<int?> Read(HttpContext context, long limit, BodyRoom? large)
    {
        var request = context.Request;
        var counted = request.ContentLength ?? BodyRoom.Small;
        if (!await HasRoom(context, counted, large))
            return StatusCodes.Status429TooManyRequests;

        // What isn't counted takes memory as it comes: many may be announced that never come.
        var body = new MemoryStream(large is not null && counted > BodyRoom.Small ? (int)counted : 0);
        var reader = request.BodyReader;
        using var patience = new CancellationTokenSource(Patience + TimeSpan.FromSeconds(limit / SlowestPerSecond));
        // Not by its token: a read that was thrown out of leaves the connection in a state that the server logs as its own fault.
        await using var end = patience.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            // One that doesn't say how large it is counts as the largest once it isn't small.
            var fits = body.Length + read.Buffer.Length <= counted || await HasRoom(context, counted = limit, large);
            if (fits)
            {
                foreach (var part in read.Buffer)
                    body.Write(part.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (!fits || read.IsCanceled)
                return fits ? StatusCodes.Status408RequestTimeout : StatusCodes.Status429TooManyRequests;
            if (read.IsCompleted)
                break;
        }

        body.Position = 0;
        request.Body = body;
        return null;
    }

    private static async ValueTask<bool> HasRoom(HttpContext context, long bytes, BodyRoom? large)
    {
        if (large is null || bytes <= BodyRoom.Small)
            return true;

        if (await large.Enter($"{SiteAccess.SiteOf(context)}", bytes, context.RequestAborted) is not { } room)
            return false;

        context.Response.RegisterForDispose(room);
        return true;
    }
}
