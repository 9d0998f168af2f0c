using System.Globalization;

namespace Router.Benchmarks;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public const string Usage =
        "tests/bench.sh [SCENARIO…] [--seconds N] [--rounds N] [--connections N] [--sites N] [--backlog N] [--rows N] [--json FILE]";

    public IReadOnlyList<string> Scenarios { get; init; } = [];

    /// <summary>How long each run sends.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>How often the router is measured at saturation; the floor once more.</summary>
    public int Rounds { get; init; } = 2;

    /// <summary>Of the closed loop.</summary>
    public int Connections { get; init; } = 128;

    /// <summary>Sites that leads are sent for in turn, each with three destinations.</summary>
    public int Sites { get; init; } = 10;

    /// <summary>Leads that wait in the queue before the worker starts.</summary>
    public int Backlog { get; init; } = 100_000;

    /// <summary>Deliveries in the ledger before the run.</summary>
    public int Rows { get; init; } = 5_000_000;

    /// <summary>Nothing arriving for so long means that nothing more comes.</summary>
    public int PatienceSeconds { get; init; } = 15;

    public string Json { get; init; } = "";

    public static Options Parse(string[] args)
    {
        var options = new Options { Json = Path.Combine(Repository.Root, "artifacts/bench.json") };
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--seconds" => options with { Seconds = Number(args, ++i) },
                "--rounds" => options with { Rounds = Number(args, ++i) },
                "--connections" => options with { Connections = Number(args, ++i) },
                "--sites" => options with { Sites = Number(args, ++i) },
                "--backlog" => options with { Backlog = Number(args, ++i) },
                "--rows" => options with { Rows = Number(args, ++i) },
                "--json" when i + 1 < args.Length => options with { Json = Path.GetFullPath(args[++i]) },
                ['-', ..] => throw new FormatException(Usage),
                var scenario => options with { Scenarios = [.. options.Scenarios, scenario] },
            };
        }

        return options;
    }

    private static int Number(string[] args, int at) =>
        at < args.Length && int.TryParse(args[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw new FormatException(Usage);
}
