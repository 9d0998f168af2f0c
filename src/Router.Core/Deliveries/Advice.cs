using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>What an answer, or the lack of one, means in plain words, and what its receiver's owner can do. Pure.</summary>
public static class Advice
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    /// <summary>What happened, in a few words: <c>connection refused</c>, <c>answered 500</c>.</summary>
    /// <param name="status">The HTTP status, if one came.</param>
    /// <param name="error">The error code, if none came.</param>
    public static string Summary(int? status, string? error) => (status, error) switch
    {
        (>= 200 and <= 299, _) => $"answered {status}",
        (406, _) => "refused this lead (406)",
        (410, _) => "wants no more leads (410)",
        (not null, _) => $"answered {status}",
        (_, "dns_failure") => "host name not found",
        (_, "connection_refused") => "connection refused",
        (_, "connection_failed") => "no connection",
        (_, "connect_timeout") => "no connection in time",
        (_, "tls_failure") => "no secure connection",
        (_, "timeout") => "no answer in time",
        (_, "connection_lost") => "connection broken off",
        (_, "invalid_response") => "answer was not HTTP",
        (_, "invalid_url") => "URL is not valid",
        (_, "url_not_allowed") => "URL is not allowed",
        (_, "address_not_allowed") => "address is not allowed",
        (_, "invalid_secret") => "secret cannot sign",
        (_, "worker_lost") => "interrupted on our side",
        (_, "expired") => "waited for too long",
        (_, not null) => error.Replace('_', ' '),
        _ => "not tried yet",
    };

    /// <summary>What to do about it; null when there is nothing to do.</summary>
    /// <param name="status">The HTTP status, if one came.</param>
    /// <param name="error">The error code, if none came.</param>
    /// <param name="took">How long the answer took.</param>
    public static string? WhatToDo(int? status, string? error, TimeSpan took) => (status, error) switch
    {
        (>= 200 and <= 299, _) when took > Slow =>
            $"It works, but the answer took {took.TotalSeconds:0.0} seconds. Answer first and do the work afterwards: leads wait for slow receivers, and we do not wait for long.",
        (>= 200 and <= 299, _) => null,
        (>= 300 and <= 399, _) => "The address answers with a redirect, which we never follow. Enter the address that it points to, for example with https instead of http, or with www. If the lead arrived all the same, let the receiver answer 200 instead.",
        (400 or 422, _) => "The receiver understood the request but did not like the lead. Its answer usually says which field. Check the Partner ID first.",
        (401 or 403, _) => "The receiver did not let the request in. Read its answer: it may say why. If it does not, check first that the secret here is exactly the one in the receiver, without spaces or line breaks. A firewall, or a page that asks for a login, answers like this, too.",
        (404, _) => "There is a server, but nothing at this path. Check the part of the URL behind the host name.",
        (405, _) => "This address does not take POST requests. Check that it is the address of the webhook, not of a page.",
        (406, _) => "The receiver says that it does not want this lead. For a real lead that is fine: it is not sent again.",
        (410, _) => "The receiver says that it is gone for good. A real lead would have switched this destination off.",
        (413, _) => "The receiver refuses bodies of this size. Let it take at least 1 MB.",
        (429, _) => "The receiver asks for fewer requests at a time, or for a pause.",
        (>= 500, _) => "The receiver has a problem of its own. Its log says more.",
        (not null, _) => "The receiver answered something that we do not know. Anything from 200 to 299 means that it has the lead.",
        (_, "dns_failure") => "The host name in the URL is not known. Check its spelling; a new name can take some hours until it is known everywhere.",
        (_, "connection_refused") => "The server is there, but nothing listens on that port. Check that the receiver runs, and the port in the URL.",
        (_, "connection_failed" or "connect_timeout") => "No connection could be made. Check the host name and port, and that the receiver's firewall lets us in.",
        (_, "tls_failure") => "A secure connection could not be made. Check that the certificate is valid, complete and made for this host name.",
        (_, "timeout") => "The receiver took the request but did not answer in time. Answer first and do the work afterwards.",
        (_, "connection_lost") => "The receiver broke the connection off before it answered. Its log says why.",
        (_, "invalid_response") => "Something answered, but not in HTTP. Check the port, and whether the URL should begin with https.",
        (_, "invalid_url") => "Enter the whole address, beginning with https://.",
        (_, "url_not_allowed") => "Nothing was sent: the URL must begin with https:// and have no unusual port. Correct it, or ask the operator of this router to allow the host.",
        (_, "address_not_allowed") => "Nothing was sent: the host has no address on the public internet. Correct the URL or the name's DNS entry, or ask the operator of this router to allow the host.",
        (_, "invalid_secret") => "The stored secret cannot be used for this kind of signature. Rotate it.",
        (_, "worker_lost") => "A worker of ours was interrupted; the lead may or may not have arrived.",
        _ => null,
    };

    /// <summary>What to do about an attempt of a check; null when the receiver did what it should.</summary>
    /// <param name="test">One of <see cref="LeadTests"/>.</param>
    /// <param name="attempt">The attempt.</param>
    public static string? OnCheck(string test, AttemptRow attempt)
    {
        var usual = WhatToDo(attempt.Status, attempt.Error, TimeSpan.FromMicroseconds(attempt.DurationUs));
        return test switch
        {
            LeadTests.WrongSignature when IsRefusal(attempt.Status) => null,
            LeadTests.WrongSignature when attempt.Status is >= 200 and <= 299 =>
                "The receiver took a lead with a wrong signature. Anybody who knows its address can send it forged leads. Let it verify the signature and answer 401 when it is wrong.",
            LeadTests.WrongSignature => $"A wrong signature should be answered with 401. {usual}",
            LeadTests.Twice when attempt is { Attempt: > 1, Result: not "delivered" } =>
                "The receiver took the message once and not a second time. After a broken connection we cannot know whether a lead arrived and send it again: recognize it by X-Lead-Router-Message-Id and answer 200.",
            _ => usual,
        };
    }

    /// <summary>Whether a receiver that got a forged signature did what it should.</summary>
    public static bool IsRefusal(int? status) => status is 400 or 401 or 403 or 406 or 422;
}
