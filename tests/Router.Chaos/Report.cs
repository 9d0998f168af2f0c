using System.Globalization;
using System.Text;

namespace Router.Chaos;

/// <summary>What a run is repeated by.</summary>
internal sealed record RunNames(int Seed, string Again);

/// <summary>What a run came to.</summary>
internal sealed record Report(string Text, IReadOnlyList<string> Problems, IReadOnlyCollection<PastFault> Faults)
{
    public static async Task<Report> Write(
        RunNames names, Rig rig, LoadDriver driver, IReadOnlyCollection<PastFault> faults, Books books, Span span,
        IReadOnlyList<string> others)
    {
        var duplicates = Duplicates.Of(rig.Receivers.Arrivals, faults);
        var problems = new List<string>([.. await books.Problems(faults), .. others]);
        if (span.Settled is null)
            problems.Add("it never settled");
        if (duplicates.Unexplained > 0)
            problems.Add($"{duplicates.Unexplained} duplicates of what was not in flight at any fault");
        if (duplicates.AreTooMany)
            problems.Add($"{duplicates.MostOfOneFault} duplicates from one fault, more than can be in flight");

        var text = new StringBuilder();
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"seed {names.Seed}, {(span.Ended - span.Began).TotalSeconds:0} s of load, {faults.Count} faults");
        foreach (var fault in faults.OrderBy(fault => fault.Began))
        {
            var (began, ended) = ((fault.Began - span.Began).TotalSeconds, (fault.Ended - span.Began).TotalSeconds);
            Line($"  {began,6:0.0} s to {ended,6:0.0} s  {fault.Kind.Fault} of {fault.Victim}");
        }

        var accepted = driver.Events.Count(sent => sent.IsAccepted);
        var took = driver.Accepts.Select(accept => accept.Took).Order().ToList();
        var delivered = rig.Receivers.Arrivals.Where(arrival => arrival.Status == 200).ToList();
        var percent = 100.0 * accepted / Math.Max(1, driver.Events.Count);
        Line($"events                   {driver.Events.Count} sent, {accepted} accepted ({percent:0.0} %)");
        var answers = driver.Answers.OrderBy(answer => answer.Key)
            .Select(answer => $"{answer.Value} × {(answer.Key == 0 ? "none" : answer.Key)}");
        Line($"answers                  {string.Join(", ", answers)}");
        Line($"time to accept, p99      {(took.Count == 0 ? 0 : took[took.Count * 99 / 100].TotalMilliseconds):0} ms");
        Line($"longest without accept   {Longest(driver.Accepts.Select(accept => accept.At), span):0.0} s");
        Line($"longest without delivery {Longest(delivered.Select(arrival => arrival.At), span):0.0} s");
        var (once, again) = (delivered.DistinctBy(arrival => (arrival.Destination, arrival.Message)).Count(), duplicates.Count);
        Line($"deliveries               {once}, and {again} of them once more (at most {duplicates.MostOfOneFault} from one fault)");
        Line($"time to settle           {(span.Settled is { } settled ? $"{settled.TotalSeconds:0.0} s" : "never")}");
        Line($"lost                     {(problems.Count == 0 ? "nothing" : "see below")}");
        foreach (var problem in problems)
            Line($"PROBLEM: {problem}");
        if (problems.Count > 0)
        {
            var log = Path.GetTempFileName();
            await File.WriteAllLinesAsync(log, rig.Output);
            Line($"The hosts' warnings: {log}");
        }

        Line($"again: {names.Again}");
        return new Report(text.ToString(), problems, faults);
    }

    private static double Longest(IEnumerable<DateTimeOffset> moments, Span span)
    {
        var longest = TimeSpan.Zero;
        var before = span.Began;
        foreach (var moment in moments.Where(moment => moment <= span.Ended).Order().Append(span.Ended))
        {
            if (moment - before > longest)
                longest = moment - before;
            before = moment;
        }

        return longest.TotalSeconds;
    }
}
