using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>What became of the messages of some hours.</summary>
/// <param name="From">When they begin.</param>
/// <param name="Until">When they end.</param>
/// <param name="Delivered">Delivered.</param>
/// <param name="Waiting">On their way, or on hold.</param>
/// <param name="Refused">Not wanted by the receiver.</param>
/// <param name="Failed">Failed for good.</param>
internal sealed record ChartBar(DateTimeOffset From, DateTimeOffset Until, long Delivered, long Waiting, long Refused, long Failed)
{
    public long Total => Delivered + Waiting + Refused + Failed;
}

/// <summary>A statement's hours as a picture: 24 hours by hour, a week by six hours, a month by day.</summary>
internal sealed record Chart(IReadOnlyList<ChartBar> Bars)
{
    /// <summary>Of all that has an outcome: how much was delivered. Null where nothing has one.</summary>
    public double? SuccessRate
    {
        get
        {
            var (delivered, lost) = (Bars.Sum(bar => bar.Delivered), Bars.Sum(bar => bar.Refused + bar.Failed));
            return delivered + lost == 0 ? null : (double)delivered / (delivered + lost);
        }
    }

    /// <summary>The scale's end: one, two or five times a power of ten, and no less than the highest bar.</summary>
    public long Top
    {
        get
        {
            var most = Math.Max(1, Bars.Max(bar => bar.Total));
            var power = (long)Math.Pow(10, Math.Floor(Math.Log10(most)));
            return new[] { power, 2 * power, 5 * power, 10 * power }.First(top => top >= most);
        }
    }

    /// <summary>Adds up hours of one destination or of several.</summary>
    /// <param name="hours">Rows of single hours.</param>
    /// <param name="now">Where it ends.</param>
    /// <param name="days">1, 7 or 30.</param>
    public static Chart Of(IReadOnlyCollection<StatementRow> hours, DateTimeOffset now, int days)
    {
        var width = TimeSpan.FromHours(days switch { 1 => 1, 7 => 6, _ => 24 });
        var end = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddHours(now.UtcDateTime.Hour + 1);
        var count = (int)(TimeSpan.FromDays(days) / width);
        return new Chart([.. Enumerable.Range(0, count).Select(index =>
        {
            var (from, until) = (end - ((count - index) * width), end - ((count - index - 1) * width));
            var rows = hours.Where(row => row.Hour >= from && row.Hour < until).ToList();
            return new ChartBar(
                from, until, rows.Sum(row => row.Delivered), rows.Sum(row => row.Retrying + row.Held), rows.Sum(row => row.Rejected),
                rows.Sum(row => row.Dead));
        })]);
    }
}
