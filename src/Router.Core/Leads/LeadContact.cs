using System.Globalization;
using System.Text;

namespace Router.Core.Leads;

/// <summary>
/// What tells that two leads are the same person, in its normal form: so written that case, blanks, punctuation and the country's prefix
/// make no difference.
/// </summary>
/// <param name="Email">The address in lower case; null when none is given.</param>
/// <param name="PhoneAndName">
/// The last ten digits of the number and the letters and digits of first and last name in lower case; null unless both are given.
/// </param>
public sealed record LeadContact(string? Email, string? PhoneAndName)
{
    /// <summary>Digits that a phone number has at least: fewer are an extension, or somebody who would rather not say.</summary>
    private const int LeastDigits = 7;

    // A national number: what stands before it is a prefix of a country, or the zero in place of it.
    private const int MostDigits = 10;

    private const int Longest = 254;

    /// <summary>Null where it says neither.</summary>
    public static LeadContact? Of(LeadPerson person)
    {
        var email = person.Email.Trim().ToLowerInvariant();
        var (phone, name) = (Phone(person.Phone), Name(person.Name));
        var contact = new LeadContact(
            email.Length is > 0 and <= Longest ? email : null, phone.Length > 0 && name.Length > 0 ? $"{phone} {name}" : null);
        return contact is { Email: null, PhoneAndName: null } ? null : contact;
    }

    /// <summary>The last ten digits of a number; empty when it is none. What follows it (x 12, ext. 12) isn't part of it.</summary>
    public static string Phone(string text)
    {
        var digits = new StringBuilder();
        foreach (var character in text)
        {
            if (CharUnicodeInfo.GetDecimalDigitValue(character) is >= 0 and var digit)
                digits.Append((char)('0' + digit));
            else if (digits.Length >= LeastDigits && (char.IsLetter(character) || character is '#' or ',' or ';'))
                break;
        }

        var whole = digits.ToString();
        return whole.Length < LeastDigits ? "" : whole.Length <= MostDigits ? whole : whole[^MostDigits..];
    }

    // Not in a normal form of Unicode: hosts without its tables would make other ones than those that have them.
    private static string Name(string text) => text.Length > Longest ? "" : string.Concat(
        text.ToLowerInvariant().EnumerateRunes().Where(rune => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark));
}
