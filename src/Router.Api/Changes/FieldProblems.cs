using System.Globalization;
using System.Text;
using Router.Core.Destinations;

namespace Router.Api.Changes;

/// <summary>Collects what is wrong with a request.</summary>
internal sealed class FieldProblems
{
    public Dictionary<string, string[]> ByField { get; } = new(StringComparer.Ordinal);

    public bool Any => ByField.Count > 0;

    public string? First => ByField.Values.FirstOrDefault()?[0];

    /// <summary>A text that must be there, on one line and not absurdly long.</summary>
    public void RequireText(string field, string? value, int most = 200)
    {
        if (string.IsNullOrWhiteSpace(value))
            Add(field, $"'{field}' is required.");
        else
            CheckText(field, value, most);
    }

    public void CheckText(string field, string? value, int most = 200)
    {
        if (value is null)
            return;
        if (value.Length > most)
            Add(field, $"'{field}' is longer than {most} characters.");
        else if (value.Any(char.IsControl))
            Add(field, $"'{field}' holds a control character.");
        else if (value.EnumerateRunes().FirstOrDefault(IsInvisible) is { Value: > 0 } invisible)
            Add(field, $"'{field}' holds a character that nobody sees (U+{invisible.Value:X4}): type it anew.");
    }

    // Marks of direction make a text read as another one, and zero-width ones make two that look alike. Joiners are part of
    // scripts and emoji.
    private static bool IsInvisible(Rune rune) => rune.Value is not (0x200C or 0x200D)
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>A host name; whoever gives a URL means its host. The name as it is stored.</summary>
    public string RequireHostName(string field, string? value)
    {
        RequireText(field, value, most: 2000);
        if (ByField.ContainsKey(field))
            return "";
        if (HostName.Of(value!) is { } host)
            return host;

        Add(field, $"'{field}' must be a host name, for example www.realty.test.");
        return "";
    }

    /// <summary>A span of time has its beginning before its end.</summary>
    public void CheckSpan(DateTimeOffset? from, DateTimeOffset? to)
    {
        CheckTimes(from, to);
        if (from >= to)
            Add("from", "'from' must be before 'to'.");
    }

    /// <summary>Times that Postgres and every time zone can hold.</summary>
    public void CheckTimes(DateTimeOffset? from, DateTimeOffset? to)
    {
        if (from?.Year is < 1900 or > 9000 || to?.Year is < 1900 or > 9000)
            Add("from", "'from' and 'to' must be between the years 1900 and 9000.");
    }

    /// <summary>An absolute http or https URL without credentials in it.</summary>
    public void RequireUrl(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            Add(field, $"'{field}' is required.");
        else if (value.Any(character => char.IsWhiteSpace(character) || char.IsControl(character)))
            Add(field, $"'{field}' holds a space or a line break.");
        // .NET reads backslashes as slashes; nobody who looks at such an address would.
        else if (value.Length > 2000 || value.Contains('\\') || DestinationUrl.Parse(value) is not { } url
            || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            Add(field, $"'{field}' is not a valid http or https URL.");
        else if (url.UserInfo.Length > 0)
            Add(field, $"'{field}' must not hold a username or password: requests are authenticated by their signature.");
    }

    public void RequireEmail(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value) || value.Length > 254
            || value.Any(character => char.IsWhiteSpace(character) || char.IsControl(character) || !char.IsAscii(character)
                || "<>()[],:;\\\"".Contains(character, StringComparison.Ordinal))
            || value.Split('@') is not [{ Length: > 0 }, { Length: > 0 }])
            Add(field, $"'{field}' is not a valid e-mail address.");
    }

    /// <summary>A URL that requests may be sent to.</summary>
    public void RequireDestinationUrl(string field, string? value, NetworkGuard guard)
    {
        RequireUrl(field, value);
        if (ByField.ContainsKey(field) || guard.CheckBeforeSaving(DestinationUrl.Parse(value!)!) is not { } problem)
            return;

        Add(field, problem switch
        {
            UrlProblem.Scheme =>
                $"'{field}' must begin with https://. Plain http is only for hosts that the router's operator allows (Network:Allow).",
            UrlProblem.Port => $"'{field}' has a port that isn't allowed: leave it out, or use one of {guard.Ports}.",
            UrlProblem.Address =>
                $"'{field}' must be reachable from the public internet: "
                + "local, private and reserved addresses are only for what the router's operator allows (Network:Allow).",
            _ => $"'{field}' is not a valid http or https URL.",
        });
    }

    public void Add(string field, string sentence) => ByField.TryAdd(field, [sentence]);
}
