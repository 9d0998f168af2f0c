using System.Globalization;
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
        (_, "tls_not_spoken") => "no TLS at this port",
        (_, "tls_version") => "TLS version too old",
        (_, "tls_client_certificate") => "client certificate asked for",
        (_, "tls_client_certificate_refused") => "client certificate refused",
        (_, "certificate_expired") => "certificate expired",
        (_, "certificate_not_yet_valid") => "certificate not valid yet",
        (_, "certificate_wrong_host") => "certificate of another host",
        (_, "certificate_chain_incomplete") => "certificate chain incomplete",
        (_, "certificate_self_signed") => "certificate signed by itself",
        (_, "certificate_authority_unknown") => "certificate authority unknown",
        (_, "certificate_invalid") => "certificate not acceptable",
        (_, "certificate_weak") => "certificate too weak",
        (_, "timeout") => "no answer in time",
        (_, "connection_lost") => "connection broken off",
        (_, "invalid_response") => "answer was not HTTP",
        (_, "invalid_status") => "answer without a status",
        (_, "invalid_url") => "URL is not valid",
        (_, "url_not_allowed") => "URL is not allowed",
        (_, "address_not_allowed") => "address is not allowed",
        (_, "invalid_secret") => "secret cannot sign",
        (_, "proxy_unreachable") => "our proxy could not be reached",
        (_, "proxy_authentication") => "our proxy did not know us",
        (_, "proxy_refused") => "our proxy did not let it through",
        (_, "proxy_no_connection") => "no connection through our proxy",
        (_, "mapping_failed") => "our message could not be put into its format",
        (_, "token_endpoint") => "no access token",
        (_, "no_token") => "answer without a usable token",
        (_, not null) when OfTokenEndpoint(error) is var (token, why) => token is null ? $"token endpoint: {Summary(null, why)}"
            : $"token endpoint answered {token}",
        (_, "worker_lost") => "interrupted on our side",
        (_, "expired") => "waited for too long",
        (_, "too_old") => "too old: not delivered within its time",
        (_, not null) => error.Replace('_', ' '),
        _ => "not tried yet",
    };

    /// <summary>What to do about it; null when there is nothing to do.</summary>
    /// <param name="status">The HTTP status, if one came.</param>
    /// <param name="error">The error code, if none came.</param>
    /// <param name="took">How long the answer took.</param>
    /// <param name="headers">What is kept of the answer's headers (<see cref="AttemptRow.ResponseHeaders"/>).</param>
    /// <param name="result">What the answer meant; null where that is what its status says.</param>
    public static string? WhatToDo(
        int? status, string? error, TimeSpan took, string? headers = null, string? result = null) => (status, error) switch
    {
        (>= 200 and <= 299 or 406 or 410, _) when result == AttemptResult.Failed.Text() =>
            ByRules(status, "it has failed, and is sent again"),
        (not (406 or 410), _) when result == AttemptResult.Rejected.Text() => ByRules(status, "it is refused, and not sent again"),
        (>= 200 and <= 299, _) when took > Slow =>
            $"It works, but the answer took {took.TotalSeconds:0.0} seconds. Answer first and do the work afterwards: "
            + "leads wait for slow receivers, and we do not wait for long.",
        (>= 200 and <= 299, _) => null,
        (302 or 303, _) =>
            $"The address answers with a redirect{To(headers)}, which we never follow. If the receiver has done its work by then, "
            + "as after a form in a browser, let it answer 200 instead. Otherwise enter the address that it points to.",
        (>= 300 and <= 399, _) =>
            $"The address answers with a redirect{To(headers)}, which we never follow. "
            + "Enter the address that it points to, for example with https instead of http, or with www.",
        (400 or 422, _) =>
            "The receiver understood the request but did not like the lead. Its answer usually says which field. "
            + "Check the Partner ID first.",
        (401, _) when Header(headers, "WWW-Authenticate") is { } scheme =>
            $"The receiver asks for a sign-in ({scheme.Split(' ', ',')[0]}). Enter it on the destination's page, or correct what is there. "
            + "Or let the receiver verify the signature instead, and take requests to this path without a sign-in.",
        (403, _) when Header(headers, "Content-Type")?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) is true =>
            $"The answer is a page, as a firewall{Of(headers)} in front of the receiver gives it. "
            + "Let that one pass POST requests with our User-Agent to this path. If the receiver itself answered, check the secret.",
        (401 or 403, _) =>
            "The receiver did not let the request in. Read its answer: it may say why. If it does not, check first that the secret here "
            + "is exactly the one in the receiver, without spaces or line breaks. "
            + "A firewall, or a page that asks for a login, answers like this, too.",
        (404, _) => "There is a server, but nothing at this path. Check the part of the URL behind the host name.",
        (405, _) => "This address does not take POST requests. Check that it is the address of the webhook, not of a page.",
        (406, _) => "The receiver says that it does not want this lead. For a real lead that is fine: it is not sent again.",
        (410, _) => "The receiver says that it is gone for good. A real lead would have switched this destination off.",
        (413, _) => "The receiver refuses bodies of this size. Let it take at least 1 MB.",
        (429, _) => "The receiver asks for fewer requests at a time, or for a pause.",
        (>= 500, _) => "The receiver has a problem of its own. Its log says more.",
        (not null, _) => "The receiver answered something that we do not know. Anything from 200 to 299 means that it has the lead.",
        (_, "dns_failure") =>
            "The host name in the URL is not known, or has no address on the public internet. Check its spelling; a new name can take some "
            + "hours until it is known everywhere. A host in a private network must be allowed by the operator of this router.",
        (_, "connection_refused") =>
            "The server is there, but nothing listens on that port. Check that the receiver runs, and the port in the URL.",
        (_, "connection_failed" or "connect_timeout") =>
            "No connection could be made. Check the host name and port, and that the receiver's firewall lets us in.",
        (_, "tls_failure") =>
            "A secure connection could not be made. Check that the receiver takes TLS 1.2 or 1.3 for this host name, and whether it wants "
            + "a client certificate.",
        (_, "tls_not_spoken") =>
            "The port is open, but what answers there speaks no TLS. Check the port in the URL: https is usually at 443.",
        (_, "tls_version") => "The receiver takes only versions of TLS that are no longer secure. Let it take TLS 1.2 or 1.3.",
        (_, "tls_client_certificate") =>
            "The receiver wants a client certificate, and this destination has none. Enter one on its page, under Sign-in, "
            + "or let the receiver verify the signature of requests instead.",
        (_, "tls_client_certificate_refused") =>
            "The receiver did not accept the client certificate that this destination has for it. Check that the receiver trusts the "
            + "authority that issued it, that the certificates above it are there, too, and that it is meant for clients.",
        (_, "certificate_expired") =>
            "The receiver's certificate, or one of its chain, has expired. Renew it, and check that the server was restarted since.",
        (_, "certificate_not_yet_valid") =>
            "The receiver's certificate is valid only from a later time on. "
            + "Check the date in it, and the clock of the machine that made it.",
        (_, "certificate_wrong_host") =>
            "The receiver's certificate is made for other host names. "
            + "Get one for the host name in the URL, or enter the name that it is made for.",
        (_, "certificate_chain_incomplete") =>
            "The receiver sends its own certificate without the ones that lead to a public authority. "
            + "Configure the full chain (often a file named fullchain.pem). Browsers load the missing ones; "
            + "we and most other clients do not. A private authority is trusted only where this router's operator has it installed.",
        (_, "certificate_self_signed") =>
            "The receiver's certificate is signed by itself, so anybody could have made it. "
            + "Get one from a public authority; they are free.",
        (_, "certificate_authority_unknown") =>
            "The receiver's certificate comes from an authority that is not public. "
            + "Get one from a public authority, or ask the operator of this router to trust this one.",
        (_, "certificate_invalid") =>
            "The receiver's certificate can't be used for a web server, for example because of a wrong purpose. Get a new one.",
        (_, "certificate_weak") =>
            "The receiver's certificate, or one between it and its authority, can be forged: its RSA key has fewer than 2048 bits, or its "
            + "signature is by SHA-1 or MD5. Get a new one from a public authority; they are free.",
        (_, "timeout") => "The receiver took the request but did not answer in time. Answer first and do the work afterwards.",
        (_, "connection_lost") =>
            "The receiver broke the connection off before it answered. Its log says why. "
            + "Some do that without a word when they want a client certificate: it is entered on the destination's page, under Sign-in.",
        (_, "invalid_response") => "Something answered, but not in HTTP. Check the port, and whether the URL should begin with https.",
        (_, "invalid_status") =>
            "The answer looks like HTTP, but its first line holds no valid status. "
            + "The receiver, or a proxy in front of it, is broken: 'HTTP/1.1 200 OK' is what it should begin with.",
        (_, "invalid_url") => "Enter the whole address, beginning with https://.",
        (_, "url_not_allowed") =>
            "Nothing was sent: the URL must begin with https:// and have no unusual port. "
            + "Correct it, or ask the operator of this router to allow the host.",
        (_, "address_not_allowed") =>
            "Nothing was sent: the address in the URL is not on the public internet, or this router may not send to it. "
            + "Correct the URL, or ask the operator of this router to allow the host.",
        (_, "mapping_failed") =>
            "Our message could not be put into this system's format, so nothing was sent. The reason is beside it. Correct it under "
            + "Their format (of a service from the catalogue: ask the operator). What still waits is tried again by itself; replay what "
            + "has failed for good.",
        (_, "invalid_secret") => "The stored secret cannot be used for this kind of signature. Rotate it.",
        (_, "proxy_unreachable" or "proxy_authentication") =>
            "Our requests go through a proxy of ours, which does not work just now. That is our fault, not yours. Leads wait, "
            + "and are sent as soon as the proxy works again. The operator of this router is told.",
        (_, "proxy_refused") =>
            "Our requests go through a proxy of ours, which does not let this one through. That is our fault, not yours: "
            + "ask the operator of this router to let the proxy connect to this host and port.",
        (_, "proxy_no_connection") =>
            "Our requests go through a proxy of ours, which could not connect to the receiver. Check the host name and port, "
            + "and that the receiver's firewall lets us in.",
        (_, "too_old") =>
            "It did not arrive within the time after which this destination's leads are given up. If it is worth something still, "
            + "send it again; if this happens often, allow more time.",
        (_, "token_endpoint") => "The token endpoint gave no access token, so the lead was not sent yet.",
        (_, "no_token") =>
            "The answer was a success, but held no bearer token that can be used. Check that the address is the token URL, not that of a "
            + "page or of the authorization endpoint.",
        (_, not null) when OfTokenEndpoint(error) is var (token, why) => AboutTokenEndpoint(token, why),
        (_, "worker_lost") => "A worker of ours was interrupted; the lead may or may not have arrived.",
        _ => null,
    };

    /// <summary>What to do about an attempt of a check; null when the receiver did what it should.</summary>
    /// <param name="test">What the check tests.</param>
    /// <param name="attempt">The attempt.</param>
    public static string? OnCheck(LeadTest test, AttemptRow attempt)
    {
        var took = TimeSpan.FromMicroseconds(attempt.DurationUs);
        var usual = WhatToDo(attempt.Status, attempt.Error, took, attempt.ResponseHeaders, attempt.Result);
        return test switch
        {
            LeadTest.WrongSignature when IsRefusal(attempt.Status) => null,
            LeadTest.WrongSignature when attempt.Status is >= 200 and <= 299 =>
                "The receiver took a lead with a wrong signature. Anybody who knows its address can send it forged leads. "
                + "Let it verify the signature and answer 401 when it is wrong.",
            LeadTest.WrongSignature => $"A wrong signature should be answered with 401. {usual}",
            LeadTest.Twice when attempt is { Attempt: > 1, Result: not "delivered" } =>
                "The receiver took the message once and not a second time. After a broken connection we cannot know whether a lead "
                + "arrived and send it again: recognize it by X-Lead-Router-Message-Id and answer 200.",
            _ => usual,
        };
    }

    private static string ByRules(int? status, string meaning) =>
        $"The receiver answered {status}; by the rules about its answers {meaning}. Read the answer, or change the rules.";

    /// <summary>Whether a receiver that got a forged signature did what it should.</summary>
    public static bool IsRefusal(int? status) => status is 400 or 401 or 403 or 406 or 422;

    private static string AboutTokenEndpoint(int? status, string? error) => "Nothing was sent: there was no access token. " + (status switch
    {
        400 or 401 or 403 => "The token endpoint did not accept who we are, or what we asked for. Check the client ID, the client secret, "
            + "the scope and the audience under Sign-in, and how the client is identified.",
        404 or 405 => "There is no token endpoint at this address. Check the token URL under Sign-in.",
        >= 300 and <= 399 => "The token URL answers with a redirect, which we never follow. Enter the address that it points to.",
        429 => "The token endpoint asks for fewer requests.",
        >= 500 => "The token endpoint has a problem of its own. Whoever runs it can say more.",
        not null => "The token endpoint answered something that we do not know.",
        null => $"About the token endpoint, not the receiver: {WhatToDo(null, error, TimeSpan.Zero)}",
    });

    /// <summary>The status that a token endpoint answered, or why it didn't, in the word for both; null where it was none.</summary>
    private static (int? Status, string? Error)? OfTokenEndpoint(string error)
    {
        const string prefix = "token_endpoint_";
        if (!error.StartsWith(prefix, StringComparison.Ordinal))
            return null;

        var why = error[prefix.Length..];
        return int.TryParse(why, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? (status, null) : (null, why);
    }

    private static string To(string? headers) => Header(headers, "Location") is { } location ? $" to {location}" : "";

    private static string Of(string? headers) => Header(headers, "Server") is { } server ? $" ({server})" : "";

    private static string? Header(string? headers, string name) => headers?.Split('\n')
        .Select(line => line.Split(": ", 2)).FirstOrDefault(header => header[0] == name && header[^1].Length > 0)?[1];
}
