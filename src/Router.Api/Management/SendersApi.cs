using Router.Api.Authentication;

namespace Router.Api.Management;

/// <summary>Which products send leads for a site, for its owners.</summary>
internal static class SendersApi
{
    public static void MapSenders(this RouteGroupBuilder api)
    {
        var senders = api.MapGroup("/sites/{site:uuid}/senders").RequireAuthorization(RouterAuthentication.SitePolicy)
            .ProducesProblem(404);
        senders.MapGet("", List).WithName("listSenders").WithSummary("Who may send leads for the site, and who is on offer")
            .Produces<Page<Sender>>();
        senders.MapPut("/{username}", LetIn).WithName("letSenderIn")
            .WithSummary("Let a product that is on offer send leads for the site; every host takes them within a second")
            .Produces(204).ProducesProblem(403);
        senders.MapDelete("/{username}", Withdraw).WithName("withdrawSender")
            .WithSummary("From then on what it sends for the site is refused with 403; what was accepted before is still delivered")
            .Produces(204).ProducesProblem(403).ProducesProblem(409);
    }

    private static async Task<IResult> List(Guid site, SiteSenders senders, CancellationToken cancellationToken) =>
        TypedResults.Ok(Page<Sender>.Of(await senders.List(site, cancellationToken), int.MaxValue, sender => sender.Username));

    private static async Task<IResult> LetIn(Guid site, string username, SiteSenders senders, CancellationToken cancellationToken) =>
        (await senders.LetIn(site, username, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Withdraw(Guid site, string username, SiteSenders senders, CancellationToken cancellationToken) =>
        (await senders.Withdraw(site, username, cancellationToken)).Answer(_ => TypedResults.NoContent());
}
