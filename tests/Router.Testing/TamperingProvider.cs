using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Router.Testing;

/// <summary>
/// Somebody between the router and its provider, who changes the ID tokens on their way. Browsers go to the provider itself.
/// </summary>
public sealed class TamperingProvider : IAsyncDisposable
{
    private readonly OpenIdProvider _provider;
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();

    private TamperingProvider(OpenIdProvider provider, WebApplication app) => (_provider, _app) = (provider, app);

    public Uri Issuer => new(new Uri(_app.Urls.Single()), _provider.Issuer.AbsolutePath);

    /// <summary>What is changed in the claims.</summary>
    public Action<JsonObject> Change { get; set; } = _ => { };

    /// <summary>What the changed token is signed with; the provider's own key without.</summary>
    public RSA? Key { get; set; }

    public static async Task<TamperingProvider> Start(OpenIdProvider provider)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var tampering = new TamperingProvider(provider, builder.Build());
        tampering._app.Run(tampering.Answer);
        await tampering._app.StartAsync();
        return tampering;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task Answer(HttpContext context)
    {
        var target = new Uri(_provider.Issuer, $"{context.Request.Path}{context.Request.QueryString}");
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        if (HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.Add("Content-Type", context.Request.ContentType);
        }

        using var response = await _http.SendAsync(request, context.RequestAborted);
        var body = await response.Content.ReadAsStringAsync(context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(response.IsSuccessStatusCode ? Changed(body) : body, context.RequestAborted);
    }

    private string Changed(string body)
    {
        var json = JsonNode.Parse(body)!.AsObject();
        if (json["token_endpoint"] is not null)
            json["token_endpoint"] = $"{Issuer.AbsoluteUri}/token";
        if (json["id_token"]?.GetValue<string>() is { } token)
            json["id_token"] = Signed(token);
        return json.ToJsonString();
    }

    private string Signed(string token)
    {
        var parts = token.Split('.');
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!.AsObject();
        Change(claims);
        var text = $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        var signature = (Key ?? _provider.Key).SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }
}
