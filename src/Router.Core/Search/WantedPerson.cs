using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Core.Leads;

namespace Router.Core.Search;

/// <summary>Whether something is about a person.</summary>
public enum PersonMatch
{
    /// <summary>It doesn't name the person.</summary>
    None,

    /// <summary>It names the person somewhere, and is somebody else's: in the notes of another lead, for example.</summary>
    Mentioned,

    /// <summary>The person is who it is about.</summary>
    Theirs,
}

/// <summary>
/// Whose data is looked for: by e-mail address, by phone number, or by either of them. However they are written: case, blanks,
/// punctuation and a country's prefix make no difference.
/// </summary>
public sealed partial class WantedPerson
{
    // How a lead, and a user, is reached. A number of an office is everybody's there.
    private static readonly string[] Contacts = ["email", "second_email", "phone", "phone2", "phone_cell", "phone_home"];

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    private readonly string? _email;
    private readonly string? _phone;

    private WantedPerson(string? email, string? phone) => (_email, _phone) = (email, phone);

    /// <summary>Null when neither is given, or what is given is no address or no number of at least seven digits.</summary>
    public static WantedPerson? Of(string? email, string? phone)
    {
        email = string.IsNullOrWhiteSpace(email) ? null : email.Trim().ToLowerInvariant();
        var digits = string.IsNullOrWhiteSpace(phone) ? null : LeadContact.Phone(phone);
        var isAddress = email is null || (email.Length <= 254 && Address().IsMatch(email));
        return (email ?? digits) is null || !isAddress || digits is "" ? null : new WantedPerson(email, digits);
    }

    /// <summary>The address in lower case; null when only a number is looked for.</summary>
    public string? Email => _email;

    /// <summary>
    /// What Postgres looks for first in bytes that it has written as <c>encode(…, 'escape')</c>: whatever names the person fits it, and
    /// some that doesn't.
    /// </summary>
    internal string Pattern => string.Join('|', Patterns());

    /// <summary>Whether the contents of a lead or user, as they came, are about the person.</summary>
    public PersonMatch In(JsonElement contents)
    {
        if (contents.ValueKind is not JsonValueKind.Object)
            return IsSomewhere(contents) ? PersonMatch.Mentioned : PersonMatch.None;

        var match = PersonMatch.None;
        foreach (var property in contents.EnumerateObject())
        {
            if (Contacts.Contains(JsonText.NameOf(property), StringComparer.Ordinal) && IsContact(JsonText.Spelling(property.Value)))
                return PersonMatch.Theirs;
            if (match is PersonMatch.None && IsSomewhere(property.Value))
                match = PersonMatch.Mentioned;
        }

        return match;
    }

    /// <summary>
    /// The same for bytes that may be anything. Of a message that holds a lead it is the lead that counts; what can't be read and names the
    /// person is theirs: nobody can tell, and it is of no use to anybody else.
    /// </summary>
    public PersonMatch In(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Deep);
            var root = document.RootElement;
            var isMessage = root.ValueKind is JsonValueKind.Object && root.TryGetProperty("event_id", out _);
            return In(isMessage && root.TryGetProperty("lead", out var lead) ? lead : root);
        }
        catch (JsonException)
        {
            return IsIn(Encoding.UTF8.GetString(utf8.Span)) ? PersonMatch.Theirs : PersonMatch.None;
        }
    }

    /// <summary>Whether a text names the person.</summary>
    public bool IsIn(string text) => (_email is not null && HasEmail(text)) || (_phone is not null && HasPhone(text));

    /// <summary>Never who it is.</summary>
    public override string ToString() => nameof(WantedPerson);

    private bool IsContact(string value) => (_email is not null && value.Equals(_email, StringComparison.OrdinalIgnoreCase))
        || (_phone is not null && LeadContact.Phone(value) == _phone);

    private bool IsSomewhere(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(property => IsSomewhere(property.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(IsSomewhere),
        JsonValueKind.String => IsIn(JsonText.Of(value)),
        JsonValueKind.Number => IsIn(value.GetRawText()),
        _ => false,
    };

    // joann@mail.test isn't ann@mail.test, nor is ann@mail.test.example.
    private bool HasEmail(string text)
    {
        for (var at = text.IndexOf(_email!, StringComparison.OrdinalIgnoreCase); at >= 0;
             at = text.IndexOf(_email!, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + _email!.Length;
            var begins = at == 0 || !(char.IsLetterOrDigit(text[at - 1]) || "._%+-".Contains(text[at - 1], StringComparison.Ordinal));
            var ends = end == text.Length || !(char.IsLetterOrDigit(text[end]) || text[end] is '-'
                || (text[end] is '.' && end + 1 < text.Length && char.IsLetterOrDigit(text[end + 1])));
            if (begins && ends)
                return true;
        }

        return false;
    }

    private bool HasPhone(string text)
    {
        foreach (var run in Numbers().EnumerateMatches(text))
        {
            if (LeadContact.Phone(text.Substring(run.Index, run.Length)) == _phone)
                return true;
        }

        return false;
    }

    private IEnumerable<string> Patterns()
    {
        if (_email is not null)
        {
            // Other bytes are written as numbers there, and what JSON may escape by a backslash is left out; what it escapes by number is
            // looked at one by one.
            yield return Escapable().Split(_email).OrderByDescending(part => part.Length).Select(Literal).First();
            yield return """\\\\u00[2-7]""";
        }

        if (_phone is not null)
            yield return string.Join("""(?:[^0-9]|\\[0-7]{3}|\\\\u[0-9a-f]{4})*""", _phone.AsEnumerable());
    }

    private static string Literal(string text) =>
        string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) ? $"{letter}" : $"[{(letter is '^' ? "\\^" : letter)}]"));

    [GeneratedRegex(@"^[^@\s\\]+@[^@\s\\]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"[\d+(][\d\s().\-/]{5,}\d", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"[^\x20\x21\x23-\x2e\x30-\x7e]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Escapable();
}
