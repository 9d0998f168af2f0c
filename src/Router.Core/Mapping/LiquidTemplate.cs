using System.Text.Json;
using Fluid;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>
/// A Liquid template that makes JSON. It sees the event and nothing else: no files, no other templates, no clock of the host; and it is
/// bounded in steps, in what it reads and in what it makes, so that no template can hold up a worker.
/// </summary>
public sealed class LiquidTemplate
{
    /// <summary>Measured, they are 40 to 76.</summary>
    internal const int BytesOfPart = 80;

    private const int MostSteps = 10_000;

    // A step can look through all of the template: of a long one there are fewer.
    private const int FewestSteps = 1_000;
    private const int MostLooked = 10_000_000;

    private static readonly FluidParser Parser = CreateParser();
    private static readonly TemplateOptions Options = CreateOptions();

    // An ordinary template takes 10 kB, the largest 1.6 MB.
    private const long MostKept = 50_000_000;

    private static readonly KeptByText<LiquidTemplate> Templates = new(
        MostKept, Compile, (_, template) => template.Size);

    private readonly CountedTemplate _template;
    private readonly int _steps;

    private LiquidTemplate(CountedTemplate template, int length)
    {
        (_template, _steps) = (template, Math.Clamp(MostLooked / Math.Max(length, 1), FewestSteps, MostSteps));
        Size = (long)BytesOfPart * template.Parts + sizeof(char) * length;
    }

    /// <summary>How many bytes of memory it takes, about.</summary>
    internal long Size { get; }

    /// <summary>Compiles it, unless that was done a while ago.</summary>
    /// <exception cref="MappingException">It is no template.</exception>
    public static LiquidTemplate Kept(string template) => Templates.Of(template);

    /// <summary>Compiles it.</summary>
    /// <exception cref="MappingException">It is no template.</exception>
    public static LiquidTemplate Compile(string template)
    {
        try
        {
            return new(Read(template), template.Length);
        }
        catch (MappingException problem)
        {
            throw new MappingException($"The format {problem.Message}");
        }
    }

    /// <summary>Why it is no template, as a sentence's second part; null when it is one.</summary>
    internal static string? Problem(string template)
    {
        try
        {
            Read(template);
            return null;
        }
        catch (MappingException problem)
        {
            return problem.Message;
        }
    }

    private static CountedTemplate Read(string template)
    {
        if (LiquidLimits.Problem(template) is { } problem)
            throw new MappingException(problem);

        return Parser.TryParse(template, out var parsed, out var error) ? CountedTemplate.Of(parsed)
            : throw new MappingException($"has a template that isn't Liquid: {error.Split('\n')[0].Trim()}.");
    }

    /// <summary>The text that it makes of an event.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="work">What counts for its bounds.</param>
    /// <exception cref="MappingException">It goes beyond its bounds.</exception>
    public string Render(JsonElement lead, MappingWork work)
    {
        using var made = new MadeText(work);
        try
        {
            // Done by now: nothing in it waits for anything.
            Rendering(made, lead, work).GetAwaiter().GetResult();
        }
        catch (FluidException unknown) when (unknown.Message.StartsWith("Undefined filter", StringComparison.Ordinal))
        {
            throw new MappingException($"The template uses an unknown filter: {unknown.Message["Undefined filter".Length..].Trim()}.");
        }
        catch (Exception failed) when (failed is InvalidOperationException or FluidException or FormatException or ArgumentException
            or ArithmeticException or InvalidCastException)
        {
            // Its text may quote the event.
            throw new MappingException("The template does too much, or computes something impossible.");
        }

        return made.ToString();
    }

    internal Task Rendering(TextWriter made, JsonElement lead, MappingWork work)
    {
        var context = new TemplateContext(Options) { MaxSteps = _steps };
        work.Attach(context);
        foreach (var property in lead.EnumerateObject())
        {
            // A lead of a megabyte may have lists that are a hundred megabytes as objects.
            if (JsonText.NameOf(property) is var name && _template.Names.Contains(name))
                context.SetValue(name, LiquidValues.Of(property.Value));
        }

        return _template.Template.RenderAsync(made, EscapedText.Json, context).AsTask();
    }

    private static FluidParser CreateParser()
    {
        var parser = new FluidParser();
        foreach (var tag in (string[])["include", "render", "tablerow", "increment", "decrement", "cycle", "ifchanged", "liquid", "echo"])
            parser.RegisteredTags.Remove(tag);
        return parser;
    }

    private static TemplateOptions CreateOptions()
    {
        var options = new TemplateOptions
        {
            MaxSteps = MostSteps, StrictFilters = true, Now = () => DateTimeOffset.UnixEpoch, TimeZone = TimeZoneInfo.Utc,
            Assigned = (_, value, context) =>
            {
                MappingWork.Of(context).Make(MappingWork.LengthOf(value));
                return new(value);
            },
        };
        LiquidFilters.Register(options.Filters);
        return options;
    }
}
