using Fluid;
using Fluid.Ast;
using Fluid.Ast.BinaryExpressions;

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

    private readonly HashSet<string> _names = new(TemplateOptions.Default.ModelNamesComparer);
    private int _depth;
    private int _loops;

    private CountedTemplate(IFluidTemplate template) => Template = VisitTemplate(template);

    /// <summary>To be rendered.</summary>
    public IFluidTemplate Template { get; }

    /// <summary>Its statements, expressions and parts of names: each takes up memory.</summary>
    public int Parts { get; private set; }

    /// <summary>The fields of an event that it may read, its own variables among them. Liquid has no other way to name one.</summary>
    public IReadOnlySet<string> Names => _names;

    /// <summary>That template.</summary>
    /// <exception cref="MappingException">It uses what can't be counted.</exception>
    public static CountedTemplate Of(IFluidTemplate template) => new(template);

    /// <inheritdoc/>
    public override Statement Visit(Statement statement)
    {
        Parts++;
        return base.Visit(statement);
    }

    /// <inheritdoc/>
    public override Expression Visit(Expression expression)
    {
        Parts++;
        return base.Visit(expression);
    }

    /// <inheritdoc/>
    protected override Expression VisitMemberExpression(MemberExpression memberExpression)
    {
        // Each part is looked for, and the first one in each loop around it.
        var length = memberExpression.Segments.OfType<IdentifierSegment>().Sum(segment => segment.Identifier.Length);
        if (length > LongestName || memberExpression.Segments.Count > MostParts)
            throw new MappingException($"has a template with a field of more than {LongestName} characters or {MostParts} parts.");

        _names.Add(((IdentifierSegment)memberExpression.Segments[0]).Identifier);
        Parts += memberExpression.Segments.Count;
        return new CountedRead(
            new MemberExpression([.. memberExpression.Segments.Select(
                segment => segment is IndexerSegment indexer ? new IndexerSegment(Visit(indexer.Expression)) : segment)]),
            MappingWork.OfRead * memberExpression.Segments.Count + length);
    }

    /// <inheritdoc/>
    protected override Statement VisitOutputStatement(OutputStatement outputStatement) =>
        new OutputStatement(new PrintedValue(Visit(outputStatement.Expression)));

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
            [.. statements], forStatement.Identifier, new CountedRead(Visit(forStatement.Source), MappingWork.OfRead),
            Visit(forStatement.Limit), Visit(forStatement.Offset), forStatement.Reversed, otherwise);
    }

    /// <inheritdoc/>
    protected override Statement VisitCaseStatement(CaseStatement caseStatement)
    {
        TryRewriteStatement(caseStatement.Else, out var otherwise);
        return new CountedCase(
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
        return new CountedCapture(captureStatement.Identifier, statements);
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

    private CountedCondition Counted(BinaryExpression condition, Func<Expression, Expression, Expression> with)
    {
        if (++_depth > MostConditions)
            throw new MappingException("has a template with a condition of too many parts.");

        var counted = new CountedCondition(
            Visit(condition.Left), Visit(condition.Right), with, isSearch: condition is ContainsBinaryExpression);
        _depth--;
        return counted;
    }
}
