using System.Globalization;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

/// <summary>Tells whoever is sent to sign in why they have to, where their session has just been found to be over.</summary>
internal static class SignedOutNotice
{
    private const string Key = "signed-out";

    /// <summary>For the page that comes next.</summary>
    public static void Leave(HttpContext context, ITempDataDictionary kept)
    {
        if (context.Features.Get<EndedSession>() is { } ended)
            kept[Key] = ended.Why;
    }

    /// <summary>The sentence, once; null where there is nothing to tell.</summary>
    public static string? Take(HttpContext context, ITempDataDictionary kept, SessionLimitOptions options) =>
        (context.Features.Get<EndedSession>()?.Why ?? kept[Key] as string) switch
        {
            SessionEnds.Idle => $"You were signed out after {Words(options.IdleLimit)} without use.",
            SessionEnds.Absolute => $"You were signed out: {Words(options.AbsoluteLimit)} after you sign in, you have to do it again.",
            SessionEnds.FromElsewhere => "You were signed out from another browser.",
            SessionEnds.ByOperator => "An operator of this router has signed you out.",
            SessionEnds.NewPassword => "You were signed out because the password of your account was changed.",
            SessionEnds.Disabled =>
                "You were signed out because your account was disabled. An operator of this router can let you in again.",
            SessionEnds.TooMany => "You were signed out because you have signed in at many other places since.",
            _ => null,
        };

    /// <summary>Exactly: these are settings, such as 90 minutes.</summary>
    private static string Words(TimeSpan span) =>
        (span.Ticks % TimeSpan.TicksPerDay, span.Ticks % TimeSpan.TicksPerHour, span.Ticks % TimeSpan.TicksPerMinute) switch
        {
            (0, _, _) when span.TotalDays > 1 => Count(span.TotalDays, "days"),
            (_, 0, _) when span.TotalHours > 1 => Count(span.TotalHours, "hours"),
            (_, _, 0) when span.TotalMinutes > 1 => Count(span.TotalMinutes, "minutes"),
            _ => Count(span.TotalSeconds, "seconds"),
        };

    private static string Count(double count, string unit) => string.Create(CultureInfo.InvariantCulture, $"{count:0} {unit}");
}
