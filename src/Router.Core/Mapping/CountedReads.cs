using Fluid;
using Fluid.Ast;
using Fluid.Ast.BinaryExpressions;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// A template in which each reading of a variable counts as work, by the length of what is read. Fluid itself counts statements, and one of
/// them can compare a long text a thousand times.
/// </summary>
internal sealed class CountedReads : AstRewriter
{
    /// <summary>That template.</summary>
    public static IFluidTemplate In(IFluidTemplate template) => new CountedReads().VisitTemplate(template);

    /// <inheritdoc/>
    protected override Expression VisitMemberExpression(MemberExpression memberExpression) => new Read(
        new MemberExpression([.. memberExpression.Segments.Select(
            segment => segment is IndexerSegment indexer ? new IndexerSegment(Visit(indexer.Expression)) : segment)]));

    /// <inheritdoc/>
    protected override Expression VisitContainsBinaryExpression(ContainsBinaryExpression containsBinaryExpression) =>
        new Contains(Visit(containsBinaryExpression.Left), Visit(containsBinaryExpression.Right));

    /// <inheritdoc/>
    protected override Statement VisitForStatement(ForStatement forStatement)
    {
        // 'offset: continue' is known by its expression.
        TryRewriteStatements(forStatement.Statements, out var statements);
        TryRewriteStatement(forStatement.Else, out var otherwise);
        return new ForStatement(
            [.. statements], forStatement.Identifier, Visit(forStatement.Source), Visit(forStatement.Limit), forStatement.Offset,
            forStatement.Reversed, otherwise);
    }

    private sealed class Read(MemberExpression variable) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var value = await variable.EvaluateAsync(context);
            MadeText.Of(context).Work(1 + MadeText.LengthOf(value));
            return value;
        }
    }

    private sealed class Contains(Expression left, Expression right) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var (whole, part) = (await left.EvaluateAsync(context), await right.EvaluateAsync(context));
            MadeText.Of(context).WorkOfSearch(MadeText.LengthOf(whole), MadeText.LengthOf(part));
            return await new ContainsBinaryExpression(new LiteralExpression(whole), new LiteralExpression(part)).EvaluateAsync(context);
        }
    }
}
