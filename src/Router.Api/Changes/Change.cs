namespace Router.Api.Changes;

/// <summary>What came of a change: what was made, or why not.</summary>
internal readonly record struct Change<T>
{
    private Change(T? made, Refusal? refusal) => (Made, Refusal) = (made, refusal);

    /// <summary>Set unless refused.</summary>
    public T? Made { get; }

    public Refusal? Refusal { get; }

    public static implicit operator Change<T>(T made) => new(made, null);

    public static implicit operator Change<T>(Refusal refusal) => new(default, refusal);

    /// <summary>As the API answers it.</summary>
    public IResult Answer(Func<T, IResult> made) => Refusal?.ToProblem() ?? made(Made!);
}
