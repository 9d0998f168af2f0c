using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Router.Benchmarks.Measuring;

/// <summary>Figures as rows of tables, for people and as JSON.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly JsonObject _json = [];
    private readonly List<(string Table, string Row, (string Column, double Value)[] Figures)> _rows = [];

    /// <summary>One row of a table. An infinite figure is one that never came about: "never" in the table, null in JSON.</summary>
    public void Add(string table, string row, params (string Column, double Value)[] figures)
    {
        _rows.Add((table, row, figures));
        var json = new JsonObject { ["name"] = row };
        foreach (var (column, value) in figures)
            json[column] = double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 3)) : null;
        if (!_json.ContainsKey(table))
            _json[table] = new JsonArray();
        _json[table]!.AsArray().Add(json);
    }

    /// <summary>What a table says so far.</summary>
    public void Print(string table)
    {
        var rows = _rows.Where(row => row.Table == table).ToList();
        var columns = rows.SelectMany(row => row.Figures.Select(figure => figure.Column)).Distinct(StringComparer.Ordinal).ToList();
        var cells = rows.ConvertAll(row =>
            columns.ConvertAll(
            column => row.Figures.Where(figure => figure.Column == column).Select(figure => Text(figure.Value)).FirstOrDefault("")));
        var first = rows.Max(row => row.Row.Length);
        var widths = columns.Select((column, i) => Math.Max(column.Length, cells.Max(row => row[i].Length))).ToList();

        Console.WriteLine();
        Console.WriteLine(Line(table, columns));
        for (var i = 0; i < rows.Count; i++)
            Console.WriteLine(Line(rows[i].Row, cells[i]));
        Console.WriteLine();

        string Line(string name, List<string> values) =>
            name.PadRight(Math.Max(first, table.Length)) + string.Concat(values.Select((value, i) => "  " + value.PadLeft(widths[i])));
    }

    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, JsonSerializer.Serialize(_json, Indented) + "\n");
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static string Text(double value) =>
        !double.IsFinite(value) ? "never"
            : value.ToString(Math.Abs(value) >= 100 ? "#,0" : Math.Abs(value) >= 10 ? "0.0" : double.IsInteger(value) ? "0"
            : Math.Abs(value) >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);
}
