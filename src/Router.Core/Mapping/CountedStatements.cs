using System.Text.Encodings.Web;
using Fluid;
using Fluid.Ast;
using Fluid.Values;

namespace Router.Core.Mapping;

/// <summary>What is read counts, by its length.</summary>
internal sealed class CountedRead(Expression expression, int least) : Expression
{
    public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context)
    {
        var value = await expression.EvaluateAsync(context);
        MappingWork.Of(context).Read(least + MappingWork.LengthOf(value));
        return value;
    }
}

/// <summary>What is printed, as it is escaped.</summary>
internal sealed class PrintedValue(Expression expression) : Expression
{
    public override async ValueTask<FluidValue> EvaluateAsync(TemplateContext context) =>
        EscapedText.Printed(await expression.EvaluateAsync(context));
}

/// <summary>True or false, and nothing else: Fluid's own value of a condition stands for its left side, too.</summary>
internal sealed class CountedCondition(
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

/// <summary>Fluid's own runs the statements once for each choice that fits, and compares without counting.</summary>
internal sealed class CountedCase(
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

/// <summary>Fluid's own counts what it has captured when it has all of it.</summary>
internal sealed class CountedCapture(string name, IReadOnlyList<Statement> statements) : Statement
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
