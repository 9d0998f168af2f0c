using System.Text.Encodings.Web;
using Fluid;
using Fluid.Ast;
using Fluid.Ast.BinaryExpressions;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>
/// A template in which whatever could take long counts as work: reading a variable, by the length of what is read; comparing; each choice
/// of a <c>case</c>; capturing. Fluid itself counts statements, and one of them can compare a long text a thousand times.
/// </summary>
internal sealed class CountedTemplate : AstRewriter
{
    // Each condition of several is within the one before.
    private const int MostConditions = 320;

    private int _depth;

    /// <summary>That template.</summary>
    /// <exception cref="MappingException">It uses what can't be counted.</exception>
    public static IFluidTemplate Of(IFluidTemplate template) => new CountedTemplate().VisitTemplate(template);

    /// <inheritdoc/>
    protected override Expression VisitMemberExpression(MemberExpression memberExpression) => new Read(
        new MemberExpression([.. memberExpression.Segments.Select(
            segment => segment is IndexerSegment indexer ? new IndexerSegment(Visit(indexer.Expression)) : segment)]), MappingWork.OfRead);

    /// <inheritdoc/>
    protected override Statement VisitForStatement(ForStatement forStatement)
    {
        if (forStatement.Offset is MemberExpression { Segments: [IdentifierSegment { Identifier: "continue" }] })
            throw new MappingException("has a 'for' with 'offset: continue', which can't be used.");

        TryRewriteStatements(forStatement.Statements, out var statements);
        TryRewriteStatement(forStatement.Else, out var otherwise);
        // What it goes through is copied before anything is looked at.
        return new ForStatement(
            [.. statements], forStatement.Identifier, new Read(Visit(forStatement.Source), MappingWork.OfRead), Visit(forStatement.Limit),
            Visit(forStatement.Offset), forStatement.Reversed, otherwise);
    }

    /// <inheritdoc/>
    protected override Statement VisitWhenStatement(WhenStatement whenStatement)
    {
        TryRewriteStatements(whenStatement.Statements, out var statements);
        // Its statements are run once for each choice that fits.
        return new WhenStatement(
            [.. whenStatement.Options.Select(option => new Read(Visit(option), MappingWork.OfChoice))], [.. statements]);
    }

    /// <inheritdoc/>
    protected override Statement VisitCaptureStatement(CaptureStatement captureStatement)
    {
        TryRewriteStatements(captureStatement.Statements, out var statements);
        return new Capture(captureStatement.Identifier, statements);
    }

    /// <inheritdoc/>
    protected override Expression VisitAndBinaryExpression(AndBinaryExpression andBinaryExpression) =>
        Counted(andBinaryExpression, (left, right) => new AndBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitOrBinaryExpression(OrBinaryExpression orBinaryExpression) =>
        Counted(orBinaryExpression, (left, right) => new OrBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitEqualBinaryExpression(EqualBinaryExpression equalBinaryExpression) =>
        Counted(equalBinaryExpression, (left, right) => new EqualBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitNotEqualBinaryExpression(NotEqualBinaryExpression notEqualBinaryExpression) =>
        Counted(notEqualBinaryExpression, (left, right) => new NotEqualBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitGreaterThanBinaryExpression(GreaterThanBinaryExpression greaterThanBinaryExpression) => Counted(
        greaterThanBinaryExpression, (left, right) => new GreaterThanBinaryExpression(left, right, greaterThanBinaryExpression.Strict));

    /// <inheritdoc/>
    protected override Expression VisitLowerThanBinaryExpression(LowerThanBinaryExpression lowerThanBinaryExpression) => Counted(
        lowerThanBinaryExpression, (left, right) => new LowerThanBinaryExpression(left, right, lowerThanBinaryExpression.Strict));

    /// <inheritdoc/>
    protected override Expression VisitStartsWithBinaryExpression(StartsWithBinaryExpression startsWithBinaryExpression) =>
        Counted(startsWithBinaryExpression, (left, right) => new StartsWithBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitEndsWithBinaryExpression(EndsWithBinaryExpression endsWithBinaryExpression) =>
        Counted(endsWithBinaryExpression, (left, right) => new EndsWithBinaryExpression(left, right));

    /// <inheritdoc/>
    protected override Expression VisitContainsBinaryExpression(ContainsBinaryExpression containsBinaryExpression) =>
        Counted(containsBinaryExpression, (left, right) => new ContainsBinaryExpression(left, right));

    private Condition Counted(BinaryExpression condition, Func<Expression, Expression, Expression> with)
    {
        if (++_depth > MostConditions)
            throw new MappingException("has a template with a condition of too many parts.");

        var counted = new Condition(
            Visit(condition.Left), Visit(condition.Right), with, isSearch: condition is ContainsBinaryExpression);
        _depth--;
        return counted;
    }

    private sealed class Read(Expression expression, int least) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var value = await expression.EvaluateAsync(context);
            MappingWork.Of(context).Read(least + MappingWork.LengthOf(value));
            return value;
        }
    }

    // True or false, and nothing else: Fluid's own value of a condition stands for its left side, too.
    private sealed class Condition(
        Expression left, Expression right, Func<Expression, Expression, Expression> with, bool isSearch) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
        {
            var (one, other) = (await left.EvaluateAsync(context), await right.EvaluateAsync(context));
            var work = MappingWork.Of(context);
            work.Read(MappingWork.OfRead + MappingWork.LengthOf(one) + MappingWork.LengthOf(other));
            if (isSearch)
                work.Search(one, other);
            var result = await with(new LiteralExpression(one), new LiteralExpression(other)).EvaluateAsync(context);
            return BooleanValue.Create(result.ToBooleanValue());
        }
    }

    // Fluid's own counts what it has captured when it has all of it.
    private sealed class Capture(string name, IReadOnlyList<Statement> statements) : Statement
    {
        public override async ValueTask<Completion> WriteToAsync(TextWriter writer, TextEncoder encoder, TemplateContext context)
        {
            using var captured = new MadeText(MappingWork.Of(context));
            var completion = Completion.Normal;
            for (var i = 0; i < statements.Count && completion == Completion.Normal; i++)
                completion = await statements[i].WriteToAsync(captured, encoder, context);
            // Escaped already.
            context.SetValue(name, new StringValue(captured.ToString(), encode: false));
            return completion;
        }
    }
}
