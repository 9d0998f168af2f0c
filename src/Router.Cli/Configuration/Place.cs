namespace Router.Cli.Configuration;

/// <summary>A line of a file.</summary>
internal sealed record Place(string File, long Line)
{
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>Something that is wrong there.</summary>
internal sealed record Problem(Place Place, string Sentence)
{
    public override string ToString() => $"{Place}: {Sentence}";
}
