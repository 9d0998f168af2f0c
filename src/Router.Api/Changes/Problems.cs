using Microsoft.AspNetCore.Http.HttpResults;

namespace Router.Api.Changes;

/// <summary>Problem details that say what to do.</summary>
internal static class Problems
{
    public static ProblemHttpResult NoSuch(string thing) =>
        TypedResults.Problem($"There is no such {thing}.", statusCode: StatusCodes.Status404NotFound);

    public static ProblemHttpResult Conflict(string sentence) =>
        TypedResults.Problem(sentence, statusCode: StatusCodes.Status409Conflict);

    /// <summary>All that is wrong with a request, by field.</summary>
    public static ProblemHttpResult Invalid(FieldProblems problems) =>
        TypedResults.Problem(new HttpValidationProblemDetails(problems.ByField)
        {
            Status = StatusCodes.Status422UnprocessableEntity,
            Title = "Unprocessable Entity",
            Detail = problems.First,
        });
}
