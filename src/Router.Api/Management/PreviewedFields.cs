using Router.Api.Changes;
using Router.Core.Mapping;

namespace Router.Api.Management;

/// <summary>What would be changed; what is absent stays.</summary>
/// <param name="Mapping">Another mapping; without actions: our own format.</param>
/// <param name="AnswerRules">Other rules about answers; none: the usual.</param>
internal sealed record PreviewedFields(RequestMapping? Mapping = null, AnswerRule[]? AnswerRules = null)
{
    public FieldProblems Check()
    {
        var problems = new FieldProblems();
        problems.CheckMapping(Mapping);
        problems.CheckAnswerRules(AnswerRules);
        return problems;
    }
}
