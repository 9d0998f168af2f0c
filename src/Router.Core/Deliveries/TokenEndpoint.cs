using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>What came of asking for a token: the token, or what the endpoint answered instead.</summary>
internal readonly record struct TokenAnswer(AccessToken? Token, Answer? Refusal);

/// <summary>
/// Asks token endpoints for access tokens (RFC 6749, section 4.4.2), by the same rules as deliveries: only where the guard lets requests
/// go, never after a redirect, not for longer or for more than is bounded here.
/// </summary>
/// <param name="http">Its connections, of which none is used twice: then none can have been closed meanwhile.</param>
/// <param name="guard">Where requests may go.</param>
/// <param name="options">Timeout and User-Agent.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenEndpoint(HttpMessageInvoker http, NetworkGuard guard, DeliveryOptions options, TimeProvider time)
{
    /// <summary>The most bytes of an answer that are read.</summary>
    public const int LongestAnswer = 65_536;

    /// <summary>Half of an attempt's time at most: the other half is the request's.</summary>
    private TimeSpan Timeout => options.RequestTimeout / 2;

    /// <summary>
    /// One request, to what that site's owners entered, or operators where it is null. Expected failures come back in the answer, without
    /// what an endpoint may have repeated of a secret.
    /// </summary>
    public async Task<TokenAnswer> Ask(OAuthClient client, Guid? enteredBy)
    {
        if (client.TokenUrl is null)
            return Refused(new Answer { Error = AttemptError.InvalidUrl });
        if (guard.Check(client.TokenUrl) is { } problem)
            return Refused(new Answer { Error = AttemptErrors.Of(problem) });

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var request = Compose(client, enteredBy);
        // Its own, though it is asked in the flow of a delivery's request.
        Exchange.Begin();
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            return await Read(response, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            return Refused(
                new Answer { Error = timeout.IsCancellationRequested ? AttemptError.Timeout : AttemptError.ConnectTimeout });
        }
        catch (HttpRequestException failed)
        {
            return Refused(
                failed.InnerException is NoPlaceForLookupException ? Answer.WithoutRoom : new Answer { Error = AttemptErrors.Of(failed) });
        }
        catch (Exception failed) when (failed is IOException or SocketException or InvalidOperationException or NotSupportedException)
        {
            return Refused(new Answer { Error = AttemptError.ConnectionLost });
        }
        catch (Exception failed) when (failed is ArgumentException or ArithmeticException or FormatException)
        {
            return Refused(new Answer { Error = AttemptError.NoToken });
        }
    }

    private static TokenAnswer Refused(Answer answer) => new(null, answer);

    private async Task<TokenAnswer> Read(HttpResponseMessage response, CancellationToken timeout)
    {
        var body = await FirstBytes(response.Content, timeout);
        if (response.IsSuccessStatusCode)
            return body is not null && AccessToken.Read(body) is { } token ? new TokenAnswer(token, null)
                : Refused(new Answer { Error = AttemptError.NoToken });

        var wait = response.Headers.NonValidated.TryGetValues("Retry-After", out var waits) ? waits.First() : null;
        return Refused(new Answer
        {
            Status = (int)response.StatusCode,
            RetryAfter = RetryAfterHeader.Parse(wait, time.GetUtcNow()),
            // All that is kept of the answer: the rest may repeat what it was asked with.
            Body = body is not null && AccessToken.ReadError(body) is { } error ? Encoding.UTF8.GetBytes($"{{\"error\":\"{error}\"}}") : [],
        });
    }

    private OutgoingRequest Compose(OAuthClient client, Guid? enteredBy)
    {
        var form = new List<KeyValuePair<string, string>> { new("grant_type", "client_credentials") };
        if (client.Scope is { } scope)
            form.Add(new("scope", scope));
        if (client.Audience is { } audience)
            form.Add(new("audience", audience));
        var isBasic = client.Authentication is OAuthClientAuthentication.Basic;
        if (!isBasic)
            form.AddRange([new("client_id", client.ClientId), new("client_secret", client.ClientSecret!)]);
        var request = new OutgoingRequest(client.TokenUrl, enteredBy) { Content = new FormUrlEncodedContent(form) };
        if (isBasic)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Credentials(client));
        request.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        return request;
    }

    /// <summary>Each of the two as in a form, by the standard: a colon or a letter beyond ASCII couldn't be told otherwise.</summary>
    private static string Credentials(OAuthClient client) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Encode(client.ClientId)}:{Encode(client.ClientSecret!)}"));

    private static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>Null when there are too many of them. What breaks off or hangs ends like a request without an answer.</summary>
    private static async Task<byte[]?> FirstBytes(HttpContent content, CancellationToken timeout)
    {
        var buffer = new byte[LongestAnswer + 1];
        await using var stream = await content.ReadAsStreamAsync(timeout);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, timeout);
        return length > LongestAnswer ? null : buffer[..length];
    }
}
