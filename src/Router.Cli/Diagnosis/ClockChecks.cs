using System.Globalization;

namespace Router.Cli.Diagnosis;

/// <summary>Whether this machine and others agree about the time: signatures, tokens and leases depend on it.</summary>
internal static class ClockChecks
{
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Harmful = TimeSpan.FromSeconds(30);

    /// <param name="who">Whose clock.</param>
    /// <param name="theirs">What it says,</param>
    /// <param name="ours">and ours at that moment.</param>
    /// <param name="precision">By how much it may say less than it knows.</param>
    public static Finding Compare(string who, DateTimeOffset theirs, DateTimeOffset ours, TimeSpan precision)
    {
        var apart = theirs - ours;
        var seconds = Math.Abs(apart.TotalSeconds).ToString("N0", CultureInfo.InvariantCulture);
        var which = $"{who}'s clock is {seconds} s {(apart > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.";
        return apart.Duration() switch
        {
            var little when little < Noticeable + precision =>
                new Finding(Gravity.Fine, "clock", $"{who}'s clock and this machine's agree."),
            var much when much > Harmful => new Finding(Gravity.Problem, "clock", which,
                "Let both keep time by NTP (timedatectl set-ntp true): receivers refuse signatures that are minutes old or not yet made, "
                + "and retries come at wrong times."),
            _ => new Finding(Gravity.Warning, "clock", which, "Let both keep time by NTP (timedatectl set-ntp true)."),
        };
    }
}
