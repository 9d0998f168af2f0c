using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Router.Cli.Showing;

/// <summary>
/// Where a command writes: tables for a person at a terminal, lines with tabs for a pipe, JSON for programs. What is about the run rather
/// than its result goes to standard error.
/// </summary>
internal sealed class Output(bool json)
{
    /// <summary>On one line.</summary>
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions Indented =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    /// <summary>Whether programs read it.</summary>
    public bool IsJson => json;

    /// <summary>Whether somebody sits before it.</summary>
    public static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>A result for programs; nothing unless JSON is asked for.</summary>
    public void Json(JsonNode result)
    {
        if (json)
            Console.Out.WriteLine(result.ToJsonString(IsTerminal ? Indented : Compact));
    }

    /// <summary>One of many results, on a line of its own.</summary>
    public void JsonLine(JsonNode result)
    {
        if (json)
            Console.Out.WriteLine(result.ToJsonString(Compact));
    }

    /// <summary>A line for people; nothing where JSON is asked for.</summary>
    public void Line(string text = "")
    {
        if (!json)
            Console.Out.WriteLine(Plain.Line(text));
    }

    /// <summary>The same in a colour, where there are any.</summary>
    public void Line(string text, Color color)
    {
        if (json)
            return;
        if (IsTerminal)
            AnsiConsole.Write(new Text($"{Plain.Line(text)}\n", new Style(color)));
        else
            Console.Out.WriteLine(Plain.Line(text));
    }

    /// <summary>About the run.</summary>
    public static void Note(string text) => Console.Error.WriteLine(Plain.Line(text));

    /// <summary>Rows with a heading.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (json)
            return;
        if (!IsTerminal)
        {
            Console.Out.WriteLine(string.Join('\t', columns));
            foreach (var row in rows)
                Console.Out.WriteLine(string.Join('\t', row.Select(Plain.Line)));
            return;
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(Plain.Line(cell))));
        AnsiConsole.Write(table);
    }

    /// <summary>What is known of one thing; what is empty is left out.</summary>
    public void Fields(params IReadOnlyList<(string Name, string Value)> fields)
    {
        var shown = fields.Where(field => field.Value.Length > 0).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(field => field.Name.Length);
        foreach (var (name, value) in shown)
            Line(IsTerminal ? $"{name.PadRight(width)}  {value}" : $"{name}\t{value}");
    }
}
