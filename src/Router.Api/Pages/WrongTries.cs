using System.Globalization;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace Router.Api.Pages;

/// <summary>
/// Wrong passwords as this browser tried them, so that it can be told when an account is locked. Of the account itself, or whether there is
/// one, it tells nothing.
/// </summary>
internal static class WrongTries
{
    private const int Most = 5;

    private static readonly TimeSpan Lock = TimeSpan.FromMinutes(15);

    /// <summary>Counts one more; how much longer an account with this e-mail is locked, if five were wrong by now.</summary>
    public static TimeSpan? Count(ITempDataDictionary kept, string email, DateTimeOffset now)
    {
        email = email.Trim().ToLowerInvariant();
        var (count, since) = kept["tries"] is string text && text.Split(' ', 3) is [var n, var ticks, var whose] && whose == email
            ? (int.Parse(n, CultureInfo.InvariantCulture),
                new DateTimeOffset(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero))
            : (0, now);
        if (count >= Most && now >= since + Lock)
            count = 0;
        // Those during the lock don't make it longer.
        if (count < Most)
            (count, since) = (count + 1, now);
        kept["tries"] = FormattableString.Invariant($"{count} {since.UtcTicks} {email}");
        return count >= Most ? since + Lock - now : null;
    }
}
