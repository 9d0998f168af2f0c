using Npgsql;
using Router.Api.Accounts;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;

namespace Router.Api.Management;

/// <summary>Accounts, for operators; and everybody's own API tokens.</summary>
internal static class AccountsApi
{
    public static void MapAccounts(this RouteGroupBuilder api)
    {
        var accounts = api.MapGroup("/accounts").RequireAuthorization(RouterAuthentication.OperatorPolicy).ProducesProblem(403);
        accounts.MapGet("", List).WithName("listAccounts").WithSummary("All accounts").Produces<Page<AccountRow>>();
        accounts.MapPost("", Invite).WithName("inviteAccount").WithSummary("Invite somebody; the link is shown this once")
            .Produces<Invitation>(201).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"email": "ann@realty.test", "role": "owner", "sites": []}"""));
        accounts.MapPost("/{id:uuid}/invitation", NewLink).WithName("newInvitation")
            .WithSummary("A new link, for a lost one or a lost password").Produces<Invitation>().ProducesProblem(404);
        accounts.MapDelete("/{id:uuid}", Disable).WithName("disableAccount").WithSummary("Disable it: its sessions and tokens end at once")
            .Produces(204).ProducesProblem(404).ProducesProblem(409);
        accounts.MapGet("/{id:uuid}/sessions", Sessions).WithName("listSessions").WithSummary("Where it is signed in on the pages")
            .Produces<Page<SessionRow>>();
        accounts.MapDelete("/{id:uuid}/sessions", EndSessions).WithName("endSessions")
            .WithSummary("Sign it out everywhere; its tokens go on").Produces(204).ProducesProblem(404);
        accounts.MapDelete("/{id:uuid}/sessions/{session:uuid}", EndSession).WithName("endSession").WithSummary("End one of its sessions")
            .Produces(204).ProducesProblem(404);
        accounts.MapDelete("/{id:uuid}/second-factors", RemoveFactors).WithName("removeSecondFactors")
            .WithSummary("Remove all its second factors, for somebody who has lost them; its sessions end")
            .Produces(204).ProducesProblem(404).ProducesProblem(409);
        accounts.MapPut("/{id:uuid}/sites/{site:uuid}", GiveSite).WithName("giveSite")
            .WithSummary("The site becomes the account's too, or it becomes a viewer of it")
            .Produces(204).ProducesProblem(404).ProducesValidationProblem(422);
        accounts.MapDelete("/{id:uuid}/sites/{site:uuid}", TakeSite).WithName("takeSite").WithSummary("The site is no longer the account's")
            .Produces(204).ProducesProblem(404);

        var tokens = api.MapGroup("/tokens").RequireAuthorization(RouterAuthentication.AccountPolicy).ProducesProblem(403);
        tokens.MapGet("", Tokens).WithName("listTokens")
            .WithSummary("The account's own API tokens; asked with a token: that one and those it has made").Produces<Page<ApiTokenRow>>();
        tokens.MapPost("", NewToken).WithName("createToken").WithSummary("A new API token, shown this once").Produces<NewApiToken>(201)
            .ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample(
                """{"name": "nightly export", "scope": "read", "expires_at": "2100-01-31T00:00:00Z"}"""));
        tokens.MapDelete("/{id:uuid}", Revoke).WithName("revokeToken").WithMetadata(new UncountedAttribute())
            .WithSummary("Revoke one of the listed tokens, and with it those it has made").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> List(NpgsqlDataSource database, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await AccountSettings.List(connection, after: cursor, limit: take + 1);
        return TypedResults.Ok(Page<AccountRow>.Of(rows, take, account => account.Id.ToString("D")));
    }

    private static async Task<IResult> Invite(NewAccount request, AccountSettings accounts, CancellationToken cancellationToken) =>
        (await accounts.Invite(request, cancellationToken))
            .Answer(invitation => TypedResults.Created($"/api/accounts/{invitation.AccountId}", invitation));

    private static async Task<IResult> NewLink(Guid id, AccountSettings accounts, CancellationToken cancellationToken) =>
        (await accounts.NewLink(id, onlyOf: null, cancellationToken)).Answer(TypedResults.Ok);

    private static async Task<IResult> Disable(Guid id, AccountSettings accounts, CancellationToken cancellationToken) =>
        (await accounts.Disable(id, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Sessions(Guid id, SessionList sessions, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Page<SessionRow>(await sessions.Of(id, cancellationToken), Next: null));

    private static async Task<IResult> EndSessions(Guid id, SessionList sessions, CancellationToken cancellationToken) =>
        (await sessions.EndOf(id, session: null, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> EndSession(Guid id, Guid session, SessionList sessions, CancellationToken cancellationToken) =>
        (await sessions.EndOf(id, session, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> RemoveFactors(Guid id, FactorsOfAccount factors, CancellationToken cancellationToken) =>
        (await factors.RemoveAll(id, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> GiveSite(
        Guid id, Guid site, string? role, AccountSettings accounts, CancellationToken cancellationToken) =>
        (await accounts.GiveSite(id, site, role, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> TakeSite(Guid id, Guid site, AccountSettings accounts, CancellationToken cancellationToken) =>
        (await accounts.TakeSite(id, site, cancellationToken)).Answer(_ => TypedResults.NoContent());

    private static async Task<IResult> Tokens(
        NpgsqlDataSource database, ApiTokens tokens, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return TypedResults.Ok(
            Page<ApiTokenRow>.Of(await tokens.List(connection, cursor, take + 1), take, token => token.Id.ToString("D")));
    }

    private static async Task<IResult> NewToken(TokenFields request, ApiTokens tokens, CancellationToken cancellationToken) =>
        (await tokens.Create(request, cancellationToken)).Answer(made => TypedResults.Created($"/api/tokens/{made.Id}", made));

    private static async Task<IResult> Revoke(Guid id, ApiTokens tokens, CancellationToken cancellationToken) =>
        (await tokens.Revoke(id, cancellationToken)).Answer(_ => TypedResults.NoContent());
}
