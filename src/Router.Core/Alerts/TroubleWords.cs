using System.Globalization;
using Router.Core.Destinations;

namespace Router.Core.Alerts;

/// <summary>A trouble in words, in mails and on pages. Pure; never contents of leads.</summary>
public static class TroubleWords
{
    /// <summary>What is wrong, in one sentence without its full stop.</summary>
    public static string Headline(Trouble trouble, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(trouble);
        var name = trouble.DestinationName ?? trouble.Product;
        return trouble.Kind switch
        {
            TroubleKind.Failing => $"Leads are not reaching {name}",
            TroubleKind.OnHold => $"{name} keeps failing, and its leads are on hold",
            TroubleKind.RefusingAll => $"{name} refuses all its leads",
            TroubleKind.SwitchedOff => $"{name} wants no more leads and was switched off",
            TroubleKind.CertificateExpiring => $"The client certificate for {name} {Expiry(trouble, now)}",
            TroubleKind.GivenUp => $"{Deliveries(trouble.Count)} to {name} failed for good",
            TroubleKind.Silent => $"{trouble.SiteName} has had no leads for {Span(now - trouble.Since)}",
            TroubleKind.ProductRefused => $"Requests from {name} are being refused",
            TroubleKind.OutboxWaiting => $"{Messages(trouble.Count)} {(trouble.Count == 1 ? "waits" : "wait")} for RabbitMQ",
            TroubleKind.SetAside => $"{Messages(trouble.Count)} could not be taken on",
        };
    }

    /// <summary>That it is over.</summary>
    public static string AllClear(Trouble trouble)
    {
        ArgumentNullException.ThrowIfNull(trouble);
        var name = trouble.DestinationName ?? trouble.Product;
        return trouble.Kind switch
        {
            TroubleKind.Failing or TroubleKind.OnHold or TroubleKind.RefusingAll => $"{name} is accepting leads again",
            TroubleKind.SwitchedOff => $"{name} is switched on again",
            TroubleKind.CertificateExpiring => $"{name} has a client certificate that is good for longer, or needs none",
            TroubleKind.GivenUp => $"No failed deliveries are left for {name}",
            TroubleKind.Silent => $"{trouble.SiteName} gets leads again",
            TroubleKind.ProductRefused => $"{name}'s requests are no longer refused",
            TroubleKind.OutboxWaiting => "RabbitMQ takes accepted messages again",
            TroubleKind.SetAside => "No message is set aside any more",
        };
    }

    /// <summary>What happens by itself, and what a person can do.</summary>
    /// <param name="trouble">The trouble.</param>
    /// <param name="advice">What to do about a destination's answers.</param>
    public static string WhatToDo(Trouble trouble, string advice)
    {
        ArgumentNullException.ThrowIfNull(trouble);
        return trouble.Kind switch
        {
            TroubleKind.Failing when trouble.Count == 0 => $"Nothing waits for it just now. {advice}",
            TroubleKind.Failing => $"{Waiting(trouble.Count, "waits and is", "wait and are")} tried again. Nothing is lost. {advice}",
            TroubleKind.OnHold =>
                $"{Waiting(trouble.Count, "is", "are")} on hold. Nothing is lost: one is tried from time to time, and the rest follow when "
                + $"it arrives. {advice}",
            TroubleKind.RefusingAll => "What it refuses is not tried again. If it should take leads, ask whoever runs it why it doesn't.",
            TroubleKind.SwitchedOff => "If that was a mistake, switch it on again; the page then offers to send what it missed.",
            TroubleKind.CertificateExpiring =>
                "Get a new one from whoever issued it, and enter it on the destination's page, under Sign-in. Once it has expired, the "
                + "receiver takes nothing from us: leads wait and are tried again.",
            TroubleKind.GivenUp => "Fix the cause, then send them again.",
            TroubleKind.Silent =>
                "Try the website's own forms, and ask whoever runs it whether it still sends.",
            TroubleKind.ProductRefused =>
                $"{Count(trouble.Count, "request was", "requests were")} refused in the last two hours. The product's developers have to "
                + "change what it sends; the page lists the reasons.",
            TroubleKind.OutboxWaiting =>
                "They are kept in Postgres and published as soon as RabbitMQ takes them: nothing is lost, and nothing is delivered. See "
                + "whether RabbitMQ runs, and whether it is short of disk or memory.",
            TroubleKind.SetAside => "Nothing is lost: send them again, correct or delete them.",
        };
    }

    /// <summary>It began <see cref="ClientCertificate.Notice"/> before.</summary>
    private static string Expiry(Trouble trouble, DateTimeOffset now) =>
        trouble.Since + ClientCertificate.Notice - now is var left && left <= TimeSpan.Zero ? "has expired" : $"expires in {Span(left)}";

    private static string Waiting(int count, string one, string many) =>
        $"{Deliveries(count)} {(count == 1 ? one : many)}";

    private static string Deliveries(int count) => Counted(count, "delivery", "deliveries");

    private static string Messages(int count) => Counted(count, "accepted message", "accepted messages");

    private static string Counted(int count, string one, string many) =>
        count > PresentTroubles.MostCounted ? $"More than {Count(PresentTroubles.MostCounted, one, many)}" : Count(count, one, many);

    internal static string Count(int count, string one, string many) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many)}";

    private static string Span(TimeSpan span) =>
        span.TotalHours < 48 ? Count((int)span.TotalHours, "hour", "hours") : Count((int)span.TotalDays, "day", "days");
}
