using System.Text.Json;
using Microsoft.Extensions.Options;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Api.Incoming;

/// <summary>What is particular to one of the incoming endpoints.</summary>
internal sealed record LeadRequest(Guid Site, string Action)
{
    public JsonValueKind Expected { get; init; } = JsonValueKind.Object;

    /// <summary>The lead of the path, in the sender's spelling; null where there is none.</summary>
    public string? Lead { get; init; }

    /// <summary>All that is wrong with the body.</summary>
    public required Func<JsonElement, IReadOnlyList<FieldError>> Validate { get; init; }

    /// <summary>What is published: the body as it came unless the contract says otherwise; null when that is too large.</summary>
    public required Func<LeadBody, LeadDefaults, RawJson?> Shape { get; init; }

    public bool MayChooseDestinations { get; init; }
}

/// <summary>The way of every incoming request that becomes an event: read, validate, identify, publish, answer.</summary>
internal sealed class LeadIntake(IntakeLimit limit, LeadPublisher publisher, EventStamps stamps, IOptions<IncomingOptions> options)
{
    private static readonly IncomingError Busy =
        new(StatusCodes.Status503ServiceUnavailable, "Too many leads arrive at once; send this one again.");

    public async Task<IResult> Take(HttpContext context, LeadRequest request)
    {
        var (body, error) = await LeadBody.Read(context, request.Expected, options.Value.BodyTimeout);
        if (body is null)
            return error!;

        using (body)
        {
            if (request.Validate(body.Root) is [var first, ..])
                return new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence);

            // What is cheap comes before this, and so does the wait for a sender that is slow itself.
            using var permit = await limit.Enter();
            if (!permit.IsAcquired)
                return Busy;

            var (stamp, refused) = await stamps.Stamp(context, request.Site, Canonical(request.Lead), body.Raw);
            if (stamp is null)
                return refused!;

            error = await Publish(context.Request, request, body, stamp);
            if (error is null)
                return request.Action == LeadActions.Created ? Accepted.Created : Accepted.Ok;

            await stamps.Release(stamp);
            return error;
        }
    }

    private async ValueTask<IncomingError?> Publish(HttpRequest http, LeadRequest request, LeadBody body, EventStamp stamp)
    {
        var defaults = new LeadDefaults(stamp.Product.DisplayName, stamp.AcceptedAt, options.Value.MaxEventBytes);
        if (request.Shape(body, defaults) is not { } shaped)
            return LeadPublisher.TooLarge;

        // In the sender's spelling; a new lead without an id gets one.
        var lead = request.Lead?.Trim() ?? LeadNormalizer.IdOf(body.Root) ?? Guid.CreateVersion7(stamp.AcceptedAt).ToString("D");
        return await publisher.Publish(
            stamp.Event(request.Action, lead, shaped, request.MayChooseDestinations ? ChosenDestinations.Of(http) : null),
            stamp.IsRepetition);
    }

    private static string Canonical(string? lead) => Uuids.TryParse(lead, out var id) ? id.ToString("N") : "";
}
