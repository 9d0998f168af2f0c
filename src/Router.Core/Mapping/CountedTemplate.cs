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
    private const int MostLoops = 10;
    private const int LongestName = 200;
    private const int MostParts = 20;

    private int _depth;
    private int _loops;

    /// <summary>That template.</summary>
    /// <exception cref="MappingException">It uses what can't be counted.</exception>
    public static IFluidTemplate Of(IFluidTemplate template) => new CountedTemplate().VisitTemplate(template);

    /// <inheritdoc/>
    protected override Expression VisitMemberExpression(MemberExpression memberExpression)
    {
        // Each part is looked for, and the first one in each loop around it.
        var length = memberExpression.Segments.OfType<IdentifierSegment>().Sum(segment => segment.Identifier.Length);
        if (length > LongestName || memberExpression.Segments.Count > MostParts)
            throw new MappingException($"has a template with a field of more than {LongestName} characters or {MostParts} parts.");

        return new Read(
            new MemberExpression([.. memberExpression.Segments.Select(
                segment => segment is IndexerSegment indexer ? new IndexerSegment(Visit(indexer.Expression)) : segment)]),
            MappingWork.OfRead * memberExpression.Segments.Count + length);
    }

    /// <inheritdoc/>
    protected override Statement VisitOutputStatement(OutputStatement outputStatement) =>
        new OutputStatement(new Printed(Visit(outputStatement.Expression)));

    /// <inheritdoc/>
    protected override Statement VisitForStatement(ForStatement forStatement)
    {
        if (forStatement.Offset is MemberExpression { Segments: [IdentifierSegment { Identifier: "continue" }] })
            throw new MappingException("has a 'for' with 'offset: continue', which can't be used.");

        if (++_loops > MostLoops)
            throw new MappingException($"has a template with more than {MostLoops} loops within each other.");

        TryRewriteStatements(forStatement.Statements, out var statements);
        _loops--;
        TryRewriteStatement(forStatement.Else, out var otherwise);
        // What it goes through is copied before anything is looked at.
        return new ForStatement(
            [.. statements], forStatement.Identifier, new Read(Visit(forStatement.Source), MappingWork.OfRead), Visit(forStatement.Limit),
            Visit(forStatement.Offset), forStatement.Reversed, otherwise);
    }

    /// <inheritdoc/>
    protected override Statement VisitCaseStatement(CaseStatement caseStatement)
    {
        TryRewriteStatement(caseStatement.Else, out var otherwise);
        return new Case(
            Visit(caseStatement.Expression), [.. caseStatement.Whens.Select(when =>
            {
                TryRewriteStatements(when.Statements, out var statements);
                return ((IReadOnlyList<Expression>)[.. when.Options.Select(Visit)], statements);
            })], otherwise);
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

    private sealed class Printed(Expression expression) : Expression
    {
        public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context) =>
            EscapedText.Printed(await expression.EvaluateAsync(context));
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

    // Fluid's own runs the statements once for each choice that fits, and compares without counting.
    private sealed class Case(
        Expression value, IReadOnlyList<(IReadOnlyList<Expression> Choices, IReadOnlyList<Statement> Statements)> whens,
        ElseStatement? otherwise) : Statement
    {
        public override async ValueTask<Completion> WriteToAsync(TextWriter writer, TextEncoder encoder, TemplateContext context)
        {
            var found = await value.EvaluateAsync(context);
            var work = MappingWork.Of(context);
            var length = MappingWork.LengthOf(found);
            var isNone = true;
            var completion = Completion.Normal;
            foreach (var (choices, statements) in whens)
            {
                var fits = false;
                for (var i = 0; i < choices.Count && !fits; i++)
                {
                    var choice = await choices[i].EvaluateAsync(context);
                    work.Read(MappingWork.OfRead + length + MappingWork.LengthOf(choice));
                    fits = found.Equals(choice);
                }

                isNone &= !fits;
                for (var i = 0; fits && i < statements.Count && completion == Completion.Normal; i++)
                    completion = await statements[i].WriteToAsync(writer, encoder, context);
            }

            return isNone && otherwise is not null ? await otherwise.WriteToAsync(writer, encoder, context) : completion;
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
