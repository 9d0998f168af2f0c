using Microsoft.Extensions.Options;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Incoming;

/// <summary>
/// The way of every incoming request about a lead that becomes an event: read, validate, identify, publish, answer. What is refused for its
/// contents is kept.
/// </summary>
internal sealed class LeadIntake(
    IntakeLimit limit, BodyRoom large, LeadPublisher publisher, EventStamps stamps, KeptRefusals refusals,
    IOptions<IncomingOptions> options)
{
    /// <param name="context">The request.</param>
    /// <param name="operation">What it means.</param>
    /// <param name="site">The site.</param>
    /// <param name="lead">The lead of the path, in the sender's spelling; null where there is none.</param>
    public async Task<IResult> Take(HttpContext context, LeadOperation operation, Guid site, string? lead = null)
    {
        var (body, refused, bytes) = await LeadBody.Read(context, operation.Expected, options.Value.BodyTimeout, large);
        using (body)
        {
            var error = refused ?? await Take(context, operation, site, lead, body!);
            if (error is null)
                return operation.Action == LeadAction.Created ? Accepted.Created : Accepted.Ok;

            refusals.Keep(context, operation, site, lead, error, body, bytes);
            return error;
        }
    }

    /// <summary>Takes in what was refused before, as it was or corrected. What is wrong with it now, or null.</summary>
    /// <param name="refused">What is known of it.</param>
    /// <param name="product">Who sent it.</param>
    /// <param name="bytes">Its body.</param>
    /// <param name="claim">The event as which it is taken in, asked for once it is sound; null ends it.</param>
    public async Task<IncomingError?> TakeRefused(
        RefusedLead refused, Product product, ReadOnlyMemory<byte> bytes, Func<Task<ClaimedEvent?>> claim)
    {
        using var room = await large.Enter(product.Username, bytes.Length, CancellationToken.None);
        if (room is null)
            return IncomingError.Busy;

        var operation = LeadOperation.Of(refused.Operation);
        var (body, malformed) = LeadBody.Parse(bytes, operation.Expected);
        using (body)
        {
            if ((malformed ?? Invalid(operation, body!)) is { } error)
                return error;

            if (await claim() is not { } claimed)
                return null;

            var stamp = new EventStamp(claimed.EventId, DayBefore: null, refused.SiteId, claimed.AcceptedAt, product)
            {
                IsRepetition = claimed.IsRepetition,
            };
            return await Publish(operation, refused.Lead, body!, stamp, refused.OnlyDestinations);
        }
    }

    private async ValueTask<IncomingError?> Take(HttpContext context, LeadOperation operation, Guid site, string? lead, LeadBody body)
    {
        if ((Invalid(operation, body) ?? operation.ProblemOfChoice(context.Request)) is { } invalid)
            return invalid;

        // What is cheap comes before this, and so does the wait for a sender that is slow itself.
        using var permit = await limit.Enter();
        if (!permit.IsAcquired)
            return IncomingError.Busy;

        var (stamp, refused) = await stamps.Stamp(context, site, Canonical(lead), body.Raw);
        if (stamp is null)
            return refused;

        var error = await Publish(operation, lead, body, stamp, operation.ChosenDestinations(context.Request));
        if (error is not null)
            await stamps.Release(stamp);
        return error;
    }

    private static IncomingError? Invalid(LeadOperation operation, LeadBody body) =>
        operation.Validate(body.Root) is [var first, ..]
            ? new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence) : null;

    private async ValueTask<IncomingError?> Publish(
        LeadOperation operation, string? leadOfPath, LeadBody body, EventStamp stamp, string[]? onlyDestinations)
    {
        var defaults = new LeadDefaults(stamp.Product.DisplayName, stamp.AcceptedAt, options.Value.MaxEventBytes);
        if (operation.Shape(body, defaults) is not { } shaped)
            return LeadPublisher.TooLarge;

        // In the sender's spelling; a new lead without an id gets one.
        var lead = leadOfPath?.Trim() ?? LeadNormalizer.IdOf(body.Root) ?? Guid.CreateVersion7(stamp.AcceptedAt).ToString("D");
        return await publisher.Publish(stamp.Event(operation.Action, lead, shaped, onlyDestinations), stamp.IsRepetition);
    }

    private static string Canonical(string? lead) => Uuids.TryParse(lead, out var id) ? id.ToString("N") : "";
}
