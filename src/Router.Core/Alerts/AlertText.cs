using System.Globalization;
using System.Text;
using Router.Core.Mail;

namespace Router.Core.Alerts;

/// <summary>What people read in an alert: what is wrong, since when, why, what waits, what to do. Pure; never contents of leads.</summary>
public static class AlertText
{
    // Nobody reads a longer list.
    private const int MostInMail = 50;

    /// <summary>The mail of these alerts: of one its sentence is the subject, of more their number.</summary>
    /// <param name="reader">Whom it goes to.</param>
    /// <param name="alerts">At least one.</param>
    /// <param name="pages">Where people open the pages.</param>
    /// <param name="now">The time.</param>
    public static MailText Mail(AlertReader reader, IReadOnlyList<Alert> alerts, Uri pages, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(alerts);
        // What began and ended before anybody could be told is over: that is all there is to say.
        var over = alerts.Where(alert => alert.IsCleared).Select(alert => alert.Trouble.Id).ToHashSet();
        var told = alerts.Where(alert => alert.IsCleared || !over.Contains(alert.Trouble.Id)).ToList();
        var text = new StringBuilder();
        foreach (var alert in told.Take(MostInMail))
        {
            text.Append(Headline(alert, now)).Append(".\n");
            foreach (var line in Lines(alert, reader.Zone))
                text.Append(line).Append('\n');
            text.Append(Link(alert.Trouble, pages).AbsoluteUri).Append("\n\n");
        }

        if (told.Count > MostInMail)
            text.Append(CultureInfo.InvariantCulture, $"And {told.Count - MostInMail:N0} more: {pages.AbsoluteUri}\n\n");
        var unsubscribe = new Uri(pages, $"/unsubscribe/{reader.Unsubscribe:D}");
        text.Append(CultureInfo.InvariantCulture, $"""
            --
            Times are in {reader.Zone.Id}. Which alerts you get, and when: {new Uri(pages, "/account#alerts").AbsoluteUri}
            No more of these mails: {unsubscribe.AbsoluteUri}

            """);
        return new MailText(reader.Email, Subject(told, now), text.ToString(), unsubscribe);
    }

    /// <summary>What is wrong, or over, in one sentence without its full stop.</summary>
    public static string Headline(Alert alert, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(alert);
        var sentence = alert.IsCleared ? TroubleWords.AllClear(alert.Trouble) : TroubleWords.Headline(alert.Trouble, now);
        return alert.Trouble.DestinationName is null ? sentence : $"{sentence} ({alert.Trouble.SiteName})";
    }

    /// <summary>Since when, why, how much waits, and what to do.</summary>
    public static IEnumerable<string> Lines(Alert alert, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(alert);
        var trouble = alert.Trouble;
        if (alert.IsCleared)
        {
            yield return $"It lasted from {Moment(trouble.Since, zone)} to {Moment(trouble.EndedAt ?? trouble.Since, zone)}.";
            yield break;
        }

        yield return trouble.Detail.Length == 0
            ? $"Since {Moment(trouble.Since, zone)}." : $"Since {Moment(trouble.Since, zone)}: {Sentence(trouble.Detail)}";
        yield return TroubleWords.WhatToDo(trouble, "The page shows each answer and what to do about it.");
    }

    /// <summary>Where the page about it is.</summary>
    public static Uri Link(Trouble trouble, Uri pages) => new(pages, Path(trouble));

    /// <summary>The same as a path.</summary>
    public static string Path(Trouble trouble) => trouble switch
    {
        { Kind: TroubleKind.GivenUp } => $"/sites/{trouble.SiteId}/deliveries?destination={trouble.DestinationId}&state=dead",
        { Kind: TroubleKind.CertificateExpiring } => $"/sites/{trouble.SiteId}/destinations/{trouble.DestinationId}/certificate",
        { DestinationId: { } destination } => $"/sites/{trouble.SiteId}/destinations/{destination}",
        { SiteId: { } site } => $"/sites/{site}/leads",
        { Kind: TroubleKind.OutboxWaiting } => "/operator",
        { Kind: TroubleKind.SetAside } => "/operator/set-aside",
        _ => "/operator/refused",
    };

    private static string Subject(IReadOnlyList<Alert> alerts, DateTimeOffset now)
    {
        if (alerts is [var only])
            return Headline(only, now);

        var (over, open) = (alerts.Count(alert => alert.IsCleared), alerts.Count(alert => !alert.IsCleared));
        return (over, open) switch
        {
            (0, _) => string.Create(CultureInfo.InvariantCulture, $"{open:N0} things need attention"),
            (_, 0) => string.Create(CultureInfo.InvariantCulture, $"{over:N0} problems are resolved"),
            _ => $"{TroubleWords.Count(open, "thing needs", "things need")} attention, {TroubleWords.Count(over, "is", "are")} resolved",
        };
    }

    /// <summary>Behind a colon; an abbreviation such as TLS stays as it is.</summary>
    private static string Sentence(string detail) =>
        (detail.Length > 1 && char.IsUpper(detail[1]) ? detail : char.ToLowerInvariant(detail[0]) + detail[1..])
        + (detail[^1] == '.' ? "" : ".");

    private static string Moment(DateTimeOffset at, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture);
}
