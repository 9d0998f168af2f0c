using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Router.Core.Mail;

/// <summary>A mail of plain text.</summary>
/// <param name="To">The address.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">Lines of any length; mail programs wrap them.</param>
/// <param name="Unsubscribe">Where one POST ends mails like this (RFC 8058); null where there is nothing to end.</param>
public sealed record MailText(string To, string Subject, string Text, Uri? Unsubscribe = null)
{
    /// <summary>Never the address or the text.</summary>
    public override string ToString() => nameof(MailText);
}

/// <summary>Sends mail by SMTP, one connection for each: there are few.</summary>
public sealed class OutgoingMail(IOptions<SmtpOptions> options)
{
    /// <summary>Whether there is a mail server to send by.</summary>
    public bool IsSet => options.Value.IsSet;

    /// <summary>Returns when the server has taken it.</summary>
    /// <exception cref="SmtpCommandException">The server doesn't take it.</exception>
    /// <exception cref="Exception">No connection, no TLS, no sign-in, or no answer in time.</exception>
    public async Task Send(MailText mail, CancellationToken cancellationToken)
    {
        var smtp = options.Value;
        using var message = new MimeMessage();
        message.From.Add(MailboxAddress.Parse(smtp.From));
        // Not parsed: an address with a name would go elsewhere than it says.
        message.To.Add(new MailboxAddress("", mail.To));
        message.Subject = mail.Subject;
        message.Body = new TextPart("plain") { Text = mail.Text };
        // Nobody's holiday answer comes back.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        if (mail.Unsubscribe is { } unsubscribe)
        {
            message.Headers.Add(HeaderId.ListUnsubscribe, $"<{unsubscribe.AbsoluteUri}>");
            message.Headers.Add(HeaderId.ListUnsubscribePost, "List-Unsubscribe=One-Click");
        }

        using var client = new SmtpClient { Timeout = (int)smtp.Timeout.TotalMilliseconds };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(smtp.Timeout * 2);
        await client.ConnectAsync(smtp.Host, smtp.Port, smtp.SocketOptions, limit.Token);
        if (smtp.Username.Length > 0)
            await client.AuthenticateAsync(smtp.Username, smtp.Password, limit.Token);
        await client.SendAsync(message, limit.Token);
        await client.DisconnectAsync(quit: true, CancellationToken.None);
    }
}
