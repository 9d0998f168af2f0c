using System.Text.Json;
using Router.Core.Leads;
using Router.Core.Leads.Validation;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary><c>POST /rest/sites/{site}/leads</c>.</summary>
internal static class NewLead
{
    public static async Task<IResult> Post(HttpContext context, Guid site, LeadPublisher publisher, TimeProvider time)
    {
        var (body, error) = await LeadBody.Read(context.Request, JsonValueKind.Object);
        if (body is null)
            return error!;

        using (body)
        {
            var lead = body.Document.RootElement;
            if (LeadValidator.NewLead(lead) is [var first, ..])
                return new IncomingError(StatusCodes.Status422UnprocessableEntity, first.Sentence);

            return await publisher.Publish(Accept(context, site, body, time)) ?? (IResult)Accepted.Created;
        }
    }

    private static LeadEvent Accept(HttpContext context, Guid site, LeadBody body, TimeProvider time)
    {
        var product = context.Features.Get<Product>()!;
        var now = Timestamps.ToMicroseconds(time.GetUtcNow());
        return new LeadEvent
        {
            EventId = Guid.CreateVersion7(now),
            SiteId = site,
            Action = LeadActions.Created,
            LeadId = LeadIds.Of(body.Document.RootElement) ?? Guid.CreateVersion7(now).ToString("D"),
            AcceptedAt = now,
            Product = product.Username,
            SourceSystem = product.DisplayName,
            Lead = body.Raw,
        };
    }
}
