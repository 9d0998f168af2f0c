using Router.Api.Authentication;
using Router.Api.OpenApi;
using Router.Api.Requests;

namespace Router.Api.Management;

/// <summary>Whether secrets are those that are stored, which nobody can read. For operators, who may replace them.</summary>
internal static class SecretsApi
{
    // Each of the 500 may have ten headers and a certificate's worth of other values.
    private const int LargestBody = 16 * 1024 * 1024;

    public static void MapSecrets(this RouteGroupBuilder api) =>
        api.MapPost("/secrets/compare", Compare).RequireAuthorization(RouterAuthentication.OperatorPolicy).WithName("compareSecrets")
            .WithSummary("Which of these secrets are others than the stored ones; nothing is changed")
            .WithMetadata(new LargerBodyAttribute(LargestBody))
            .Produces<ComparedSecrets>().ProducesProblem(403).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"items": [{"product": "website", "password": "the one that the website has"}]}"""));

    private static async Task<IResult> Compare(
        SecretsToCompare request, SecretComparison comparison, CancellationToken cancellationToken) =>
        (await comparison.Compare(request, cancellationToken)).Answer(TypedResults.Ok);
}
