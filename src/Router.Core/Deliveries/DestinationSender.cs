using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Telemetry;

namespace Router.Core.Deliveries;

/// <summary>
/// Makes one HTTP request and tells what came back, as a value. Never follows redirects, keeps cookies or takes a proxy from the
/// environment (<see cref="OutgoingHttp"/>; the operator's is <see cref="OutgoingProxy"/>): every request is an attempt, to exactly the URL
/// that was configured, if that is where requests may go (<see cref="NetworkGuard"/>). Two exceptions: where a connection that was used
/// before breaks without a byte of an answer, the attempt makes its request once more over a new connection; and once more with a new
/// access token where the receiver answered 401 to the old one (<see cref="SignedInRequests"/>). Its row says so.
/// </summary>
public sealed class DestinationSender : IDisposable
{
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(1);

    private const string TraceParentHeader = "traceparent";

    private readonly DeliveryOptions _options;
    private readonly HostPatterns _tracedReceivers;
    private readonly TimeProvider _time;
    private readonly NetworkGuard _guard;

    // A connection that is kept was permitted to whoever had it opened: where sites may reach different addresses, they share none.
    private readonly GuardedRequests _requests;
    private readonly GuardedRequests? _strictRequests;
    private readonly GuardedRequests? _catalogueRequests;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="options">Timeouts and bounds.</param>
    /// <param name="guard">Where requests may go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lookups">Look up the names of hosts.</param>
    /// <param name="proxy">What some or all requests go through; null for none.</param>
    public DestinationSender(
        IOptions<DeliveryOptions> options, NetworkGuard guard, TimeProvider time, NameLookups lookups, OutgoingProxy? proxy = null)
    {
        _options = options.Value;
        _tracedReceivers = new HostPatterns(_options.TraceParentTo);
        _time = time;
        _guard = guard;
        _requests = Guarded(guard, guard);
        if (guard.WithoutExceptions is { } strict)
            (_strictRequests, _catalogueRequests) = (Guarded(strict, strict), Guarded(guard, strict));

        GuardedRequests Guarded(NetworkGuard urls, NetworkGuard tokens) =>
            new(_options, urls, tokens, lookups, proxy, time);
    }

    /// <summary>Signs and sends. Expected failures come back in the answer; the caller's token isn't consulted once sending
    /// has begun, since an attempt that may have arrived must be recorded.</summary>
    public Task<Attempt> Send(Destination destination, LeadEvent lead, OutgoingContent content, int number) =>
        RouterTraces.IsTraced ? SendTraced(destination, lead, content, number) : Make(destination, lead, content, number);

    private async Task<Attempt> SendTraced(Destination destination, LeadEvent lead, OutgoingContent content, int number)
    {
        using var span = DeliveryTraces.Attempt(destination, number);
        var attempt = await Make(destination, lead, content, number);
        span?.Is(attempt);
        return attempt;
    }

    private Task<Attempt> Make(Destination destination, LeadEvent lead, OutgoingContent content, int number)
    {
        var startedAt = Timestamps.ToMicroseconds(_time.GetUtcNow());
        var guard = _guard.For(lead.SiteId, destination.Kind);
        if (Refusal(destination, guard) is { } refused)
            return Task.FromResult(new Attempt(number, startedAt, TimeSpan.Zero, new Answer { Error = refused }));
        if (content.Problem is { } problem)
        {
            return Task.FromResult(new Attempt(
                number, startedAt, TimeSpan.Zero, new Answer { Error = AttemptError.MappingFailed, Reason = problem }));
        }

        var requests = guard != _guard ? _strictRequests!
            : _guard.ForTokens(lead.SiteId, destination.Kind) == _guard ? _requests : _catalogueRequests!;
        if (destination is { OAuth: null, Certificate: null })
            return Send(requests.Connections, destination, lead, content, number, startedAt, _options.TimeoutOf(destination));

        return SendSignedIn(requests.SignedIn, destination, lead, content, number, startedAt);
    }

    // By itself: what it captures would be allocated for every destination.
    private Task<Attempt> SendSignedIn(
        SignedInRequests signedIn, Destination destination, LeadEvent lead, OutgoingContent content, int number,
        DateTimeOffset startedAt) =>
        signedIn.Send(
            lead.SiteId, destination, number, startedAt, _options.TimeoutOf(destination),
            (connections, withToken, patience) => Send(connections, withToken, lead, content, number, startedAt, patience));

    private async Task<Attempt> Send(
        OutgoingConnections connections, Destination destination, LeadEvent lead, OutgoingContent content, int number,
        DateTimeOffset startedAt, TimeSpan patience)
    {
        var time = (Started: _time.GetTimestamp(), Patience: patience);
        using var timeout = new CancellationTokenSource(patience, _time);
        var (answer, isWorthANewConnection) = await Request(connections.Kept, destination, lead, content, number, time, timeout);
        if (isWorthANewConnection && !timeout.IsCancellationRequested)
        {
            (answer, _) = await Request(connections.New, destination, lead, content, number, time, timeout);
            answer = answer with { IsOfSecondRequest = true };
        }

        return new Attempt(number, startedAt, _time.GetElapsedTime(time.Started), answer);
    }

    private async Task<(Answer Answer, bool IsWorthANewConnection)> Request(
        HttpMessageInvoker http, Destination destination, LeadEvent lead, OutgoingContent content, int number,
        (long Started, TimeSpan Patience) time,
        CancellationTokenSource timeout)
    {
        using var request = Compose(destination, lead, content, number);
        var exchange = Exchange.Begin();
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            // The answer is known now; its text is only for people, and a lead doesn't wait for it. Unless a rule looks into it.
            if (destination.AnswerRules is not { ReadsBody: true }
                && time.Patience - _time.GetElapsedTime(time.Started) > BodyPatience)
                timeout.CancelAfter(BodyPatience);
            // Three digits are all that the client checks; below 100 there is no such thing as a status.
            return ((int)response.StatusCode < 100 ? new Answer { Error = AttemptError.InvalidStatus }
                : destination.Understood(await Read(response, timeout.Token)), false);
        }
        catch (OperationCanceledException)
        {
            return (WithoutHeaders(exchange, timeout.IsCancellationRequested ? AttemptError.Timeout : AttemptError.ConnectTimeout), false);
        }
        catch (HttpRequestException failed)
        {
            if (failed.InnerException is NoPlaceForLookupException)
                return (Answer.WithoutRoom, false);
            var error = AttemptErrors.Of(failed);
            return (WithoutHeaders(exchange, error), error is AttemptError.ConnectionLost && exchange.IsUnansweredOnReuse);
        }
        catch (Exception failed) when (failed is IOException or SocketException or InvalidOperationException or NotSupportedException)
        {
            // Not documented of the client, but whatever a receiver provokes must cost only its own delivery.
            return (WithoutHeaders(exchange, AttemptError.ConnectionLost), false);
        }
        catch (Exception failed) when (failed is ArgumentException or ArithmeticException or FormatException)
        {
            // Nor is what we can't read of its answer anybody else's affair.
            return (WithoutHeaders(exchange, AttemptError.InvalidResponse), false);
        }
    }

    private async Task<Answer> Read(HttpResponseMessage response, CancellationToken timeout)
    {
        var status = (int)response.StatusCode;
        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var waits) ? waits.First() : null;
        return new Answer
        {
            Status = status,
            RetryAfter = RetryAfterHeader.Parse(retryAfter, _time.GetUtcNow()),
            // Of a success nobody asks for them.
            Headers = status is >= 200 and <= 299 ? null : AnswerHeaders.Of(response),
            Body = await FirstBytes(response.Content, timeout),
        };
    }

    /// <summary>A status line that could be read is an answer, whatever is wrong with the headers behind it.</summary>
    private static Answer WithoutHeaders(Exchange exchange, AttemptError error) =>
        exchange.Status is { } status ? new Answer { Status = status }
        : new Answer { Error = error is AttemptError.InvalidResponse && exchange.IsHttp ? AttemptError.InvalidStatus : error };

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.Dispose();
        _strictRequests?.Dispose();
        _catalogueRequests?.Dispose();
    }

    /// <summary>Why no request is made; the row may have been changed since its URL was checked for the first time.</summary>
    private static AttemptError? Refusal(Destination destination, NetworkGuard guard)
    {
        if (destination.Url is null)
            return AttemptError.InvalidUrl;
        if (guard.Check(destination.Url) is { } problem)
            return AttemptErrors.Of(problem);
        return destination.CanBeSentTo ? null : AttemptError.InvalidSecret;
    }

    private bool TellsOfTraces(Uri url) => UrlHost.Of(url) is { } host && _tracedReceivers.Holds(host, url.Port);

    private OutgoingRequest Compose(Destination destination, LeadEvent lead, OutgoingContent content, int number)
    {
        var body = new ByteArrayContent(content.Bytes);
        body.Headers.ContentType = content.ContentType;
        var enteredBy = destination.Kind is DestinationKind.Custom ? lead.SiteId : (Guid?)null;
        var request = new OutgoingRequest(destination.Url, enteredBy) { Content = body };
        foreach (var (name, value) in OutgoingHeaders.Of(lead, destination, content.Bytes, number, _time.GetUtcNow(), _options.UserAgent))
            request.Headers.TryAddWithoutValidation(name, value);
        // Never by itself: the client is told to send none (OutgoingHttp).
        if (RouterTraces.TraceParent is { } traceParent && TellsOfTraces(destination.Url!) && !request.Headers.Contains(TraceParentHeader))
            request.Headers.TryAddWithoutValidation(TraceParentHeader, traceParent);
        return request;
    }

    /// <summary>At most the kept size; what hangs or breaks after the status line changes nothing about the answer.</summary>
    private async Task<byte[]> FirstBytes(HttpContent content, CancellationToken timeout)
    {
        if (content.Headers.ContentLength is 0)
            return [];

        var buffer = ArrayPool<byte>.Shared.Rent(_options.MaxResponseBody + 1);
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(timeout);
            // To the end, or the connection can't be used again; a longer body costs the connection instead.
            int read;
            while (length <= _options.MaxResponseBody && (read = await stream.ReadAsync(buffer.AsMemory(length), timeout)) > 0)
                length += read;
        }
        catch (Exception cut) when (cut is OperationCanceledException or HttpRequestException or IOException)
        {
            // The status has been said; the body is only for people.
        }

        var kept = buffer.AsSpan(0, Math.Min(length, _options.MaxResponseBody)).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return kept.Length is 0 ? kept
            : ReadableAnswer.Of(kept, content.Headers.ContentEncoding, content.Headers.ContentType?.CharSet, _options.MaxResponseBody);
    }
}
