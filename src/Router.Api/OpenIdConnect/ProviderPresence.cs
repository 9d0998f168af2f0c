using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// Whether the provider answers, for the page that sends people there. Nobody waits long for it, and it is asked once for all who look at
/// the page within some seconds.
/// </summary>
internal sealed class ProviderPresence(IOptionsMonitor<OpenIdConnectOptions> handshake, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<bool>? _answers;
    private DateTimeOffset _asked;

    public Task<bool> Answers()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_answers is null || _asked + GoodFor <= now)
                (_answers, _asked) = (Ask(), now);
            return _answers;
        }
    }

    private async Task<bool> Ask()
    {
        var options = handshake.Get(ProviderHosting.SchemeName);
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            using var answer = await options.Backchannel.GetAsync(
                options.MetadataAddress, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception absent) when (absent is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
