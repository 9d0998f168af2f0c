using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>One setting: a property of an options class and its doc comment.</summary>
internal sealed partial class Setting(PropertyInfo property, object options, string comment)
{
    public string Name => property.Name;

    public string Type => property.PropertyType switch
    {
        var type when type == typeof(TimeSpan) => "time",
        var type when type == typeof(TimeSpan[]) => "list of times",
        var type when type == typeof(int) || type == typeof(double) => "number",
        var type when type == typeof(bool) => "true or false",
        _ => "text",
    };

    /// <summary>In words. Where the class has no value to read, what the comment says of it.</summary>
    public string Default =>
        ValueInWords is { } value ? value : IsRequired ? "required" : Stated().Match(comment) is { Success: true } stated
        ? stated.Groups["value"].Value : "";

    /// <summary>From the annotations; what a class checks beyond them its comments say.</summary>
    public string Allowed =>
        string.Join(", ", property.GetCustomAttributes<ValidationAttribute>().Select(Words).Where(words => words.Length > 0));

    /// <summary>The comment, without a sentence that says nothing but the default.</summary>
    public string Summary => Sentences().Aggregate(comment, (text, sentence) => text.Replace(sentence, "", StringComparison.Ordinal));

    /// <summary>What is wrong with the comment; null when it says what the class says.</summary>
    public string? Problem =>
        comment.Length == 0 ? "has no doc comment"
        : ValueInWords is { } value && !comment.Contains($"Default {value}", StringComparison.Ordinal)
            ? $"has a doc comment that doesn't say 'Default {value}'"
        : Default.Length == 0 ? "has a doc comment that states no default: 'Default …', 'Default none' or, with [Required], 'Required'"
        : null;

    private string[] Sentences() => [" Required.", $" Default {Default}.", $" Default: {Default}."];

    private bool IsRequired => property.GetCustomAttribute<RequiredAttribute>() is not null;

    private string? ValueInWords => property.GetValue(options) switch
    {
        null or "" => null,
        string text => $"`{text}`",
        object value => Words(value),
    };

    private static string Words(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range when range.OperandType == typeof(TimeSpan) =>
            $"{Words(TimeSpan.Parse((string)range.Minimum, CultureInfo.InvariantCulture))} to "
            + $"{Words(TimeSpan.Parse((string)range.Maximum, CultureInfo.InvariantCulture))}",
        RangeAttribute range => $"{Words(range.Minimum)} to {Words(range.Maximum)}",
        MinLengthAttribute least => $"{least.Length} characters or more",
        RegularExpressionAttribute pattern when Choice().Match(pattern.Pattern) is { Success: true } choice =>
            string.Join(" or ", choice.Groups["values"].Value.Split('|').Select(value => $"`{value}`")),
        _ => "",
    };

    private static string Words(object value) => value switch
    {
        TimeSpan time => Words(time),
        int number => number.ToString("N0", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>In the largest unit of which it is a whole number, two at least.</summary>
    private static string Words(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } when time.TotalDays % 1 == 0 => $"{time.Days} days",
        { TotalHours: >= 2 } when time.TotalHours % 1 == 0 => $"{time.TotalHours} hours",
        { TotalMinutes: >= 2 } when time.TotalMinutes % 1 == 0 => $"{time.TotalMinutes} minutes",
        _ when time.TotalSeconds % 1 == 0 => $"{time.TotalSeconds} s",
        _ => $"{time.TotalMilliseconds} ms",
    };

    [GeneratedRegex(@"Default:? (?<value>.+?)[.;:](\s|$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Stated();

    [GeneratedRegex(@"^\^\((?<values>\w+(\|\w+)*)\)\$$", RegexOptions.ExplicitCapture)]
    private static partial Regex Choice();
}
