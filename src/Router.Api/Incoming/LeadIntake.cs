using System.Text.Json;
using Microsoft.Extensions.Options;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Api.Incoming;

/// <summary>What is particular to one of the incoming endpoints.</summary>
internal sealed record LeadRequest(Guid Site, string Action)
{
    public JsonValueKind Expected { get; init; } = JsonValueKind.Object;

    /// <summary>All that is wrong with the body.</summary>
    public required Func<JsonElement, IReadOnlyList<FieldError>> Validate { get; init; }

    /// <summary>What is published: the body as it came unless the contract says otherwise.</summary>
    public required Func<LeadBody, DateTimeOffset, RawJson> Shape { get; init; }

    /// <summary>The lead's id in the sender's spelling; null for a new one of ours.</summary>
    public required Func<LeadBody, string?> LeadId { get; init; }

    public bool MayChooseDestinations { get; init; }
}

/// <summary>The way of every incoming request that becomes an event: read, validate, identify, publish, answer.</summary>
internal sealed class LeadIntake(LeadPublisher publisher, IOptions<IncomingOptions> options, TimeProvider time)
{
    public async Task<IResult> Take(HttpContext context, LeadRequest request)
    {
        var (body, error) = await LeadBody.Read(context, request.Expected, options.Value.BodyTimeout);
        if (body is null)
            return error!;

        using (body)
        {
            if (request.Validate(body.Root) is [var first, ..])
                return new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence);

            if (EventStamp.Of(context, request.Site, time) is not { } stamp)
                return EventStamp.Refused;

            var now = stamp.AcceptedAt;
            return await publisher.Publish(stamp.Event(
                request.Action,
                request.LeadId(body) ?? Guid.CreateVersion7(now).ToString("D"),
                request.Shape(body, now),
                request.MayChooseDestinations ? ChosenDestinations(context.Request) : null)) ?? (IResult)(request.Action == LeadActions.Created ? Accepted.Created : Accepted.Ok);
        }
    }

    /// <summary><c>X-ROUTER-DESTINATIONS: name-or-id, …</c>; null when the sender leaves the choice to the site.</summary>
    private static string[]? ChosenDestinations(HttpRequest request)
    {
        if (request.Headers["X-ROUTER-DESTINATIONS"] is not { Count: > 0 } header)
            return null;

        var names = header.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length == 0 ? null : names;
    }
}
