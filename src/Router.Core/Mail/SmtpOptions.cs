using System.ComponentModel.DataAnnotations;
using MailKit.Security;
using MimeKit;

namespace Router.Core.Mail;

/// <summary>How the connection to the mail server is secured.</summary>
public enum SmtpSecurity
{
    /// <summary>TLS from the first byte, usually at port 465.</summary>
    Tls,

    /// <summary>STARTTLS, usually at port 587; nothing is sent to a server that doesn't offer it.</summary>
    StartTls,

    /// <summary>None at all: for a server on this machine.</summary>
    None,
}

/// <summary>
/// Section <c>Smtp</c>: the mail server for alerts, invitations and lost passwords. Without <c>Smtp:Host</c> no mail is sent.
/// </summary>
public sealed class SmtpOptions : IValidatableObject
{
    private const string NoControls = "^[^\\x00-\\x1F]*$";

    /// <summary>The mail server's host name. Default none: no mail is sent.</summary>
    [RegularExpression(NoControls)]
    public string Host { get; set; } = "";

    /// <summary>Its port. Default 587.</summary>
    [Range(1, 65_535)]
    public int Port { get; set; } = 587;

    /// <summary><c>StartTls</c>, <c>Tls</c>, or <c>None</c> for a server on this machine. Default StartTls.</summary>
    [EnumDataType(typeof(SmtpSecurity))]
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>Whom to sign in as. Default none: the server takes mail without.</summary>
    [RegularExpression(NoControls)]
    public string Username { get; set; } = "";

    /// <summary>That user's password. Default none.</summary>
    [RegularExpression(NoControls)]
    public string Password { get; set; } = "";

    /// <summary>
    /// The sender of all mail, such as <c>Lead router &lt;leads@example.com&gt;</c>. Required with <c>Smtp:Host</c>. Default none.
    /// </summary>
    public string From { get; set; } = "";

    /// <summary>How long connecting, and each command, may take. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether mail can be sent.</summary>
    public bool IsSet => Host.Length > 0;

    internal SecureSocketOptions SocketOptions => Security switch
    {
        SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
        SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
        SmtpSecurity.None => SecureSocketOptions.None,
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((IsSet || From.Length > 0)
            && (!MailboxAddress.TryParse(From, out var from) || !from.Address.Contains('@', StringComparison.Ordinal)))
            yield return new ValidationResult(
                "Smtp:From must be an address such as 'Lead router <leads@example.com>' when Smtp:Host is set.",
                [nameof(From)]);
    }
}
