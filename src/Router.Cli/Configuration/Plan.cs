namespace Router.Cli.Configuration;

/// <summary>What is to be done so that the router has what the files say.</summary>
internal sealed class Plan
{
    /// <summary>
    /// One phase after the other. Of a phase the groups are independent of each other; the steps of a group follow each other.
    /// </summary>
    public List<List<List<Step>>> Phases { get; } = [];

    /// <summary>What can't be done as the files say.</summary>
    public List<Problem> Problems { get; } = [];

    /// <summary>Things of the files that are as they should be.</summary>
    public int Unchanged { get; set; }

    /// <summary>Things of the router that the files don't name, and that stay.</summary>
    public List<string> Kept { get; } = [];

    public IEnumerable<Step> Steps => Phases.SelectMany(phase => phase).SelectMany(group => group).Where(step => !step.IsPart);

    public bool IsEmpty => !Steps.Any();

    public int Count(StepKind kind) => Steps.Count(step => step.Kind == kind);
}
