using System.Text;
using Router.Testing;

namespace Router.Docs.Tests;

/// <summary>docs/privacy.md: parts written by hand, and between two markers a table of what columns hold, made from the schema.</summary>
internal static class PrivacyPage
{
    public const string Begin = "<!-- From here on generated from the comments in src/Router.Core/Database/Schema: change those, "
        + "then APPROVE=1 dotnet test tests/Router.Docs.Tests -->";

    public const string End = "<!-- Generated until here -->";

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs/privacy.md");

    /// <summary>The page with its table made anew.</summary>
    public static string With(string page)
    {
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal), page.IndexOf(End, StringComparison.Ordinal));
        return begin < 0 || end < begin ? page : $"{page[..(begin + Begin.Length)]}\n{Generated()}{page[end..]}";
    }

    private static string Generated()
    {
        var columns = KeptColumns.All().ToLookup(column => column.Word);
        var table = new StringBuilder("\n| What | Where | Why | How long | What removes it |\n|---|---|---|---|---|\n");
        foreach (var kind in KeptColumns.Kinds().Where(kind => kind.Word != KeptColumns.Nothing))
        {
            var places = columns[kind.Word].GroupBy(column => column.Table)
                .Select(group => $"`{group.Key}`: {string.Join(", ", group.Select(column => column.Name))}");
            table.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"| {kind.What} | {string.Join("; ", places)} | {kind.Why} | {kind.HowLong} | {kind.RemovedBy} |\n");
        }

        return table.Append('\n').ToString();
    }
}
