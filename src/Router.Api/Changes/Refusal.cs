namespace Router.Api.Changes;

/// <summary>Why a change was not made: a sentence for people, and what is wrong by field.</summary>
/// <param name="Status">As HTTP has it.</param>
/// <param name="Sentence">For people.</param>
/// <param name="Fields">All that is wrong, by field, when it is the request itself.</param>
/// <param name="About">The field that a conflict is about, if it is about one.</param>
internal sealed record Refusal(int Status, string Sentence, FieldProblems? Fields = null, string? About = null)
{
    public static Refusal NoSuch(string thing) => new(StatusCodes.Status404NotFound, $"There is no such {thing}.");

    public static Refusal Conflict(string sentence, string? about = null) => new(StatusCodes.Status409Conflict, sentence, About: about);

    public static Refusal Invalid(FieldProblems fields) => new(StatusCodes.Status422UnprocessableEntity, fields.First!, fields);

    public static Refusal Invalid(string sentence, string field)
    {
        var problems = new FieldProblems();
        problems.Add(field, sentence);
        return Invalid(problems);
    }

    /// <summary>As the API says it.</summary>
    public IResult ToProblem() => Fields is null ? TypedResults.Problem(Sentence, statusCode: Status) : Problems.Invalid(Fields);
}
