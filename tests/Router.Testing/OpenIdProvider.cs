using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Router.Testing;

/// <summary>
/// Glewlwyd, an OpenID Connect provider, with people of a test and one client, the router. It keeps both in a file, so it can go and come
/// back. Its signing key is the test's, which can thus make the tokens that it would never make.
/// </summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "lead-router";
    public const string ClientSecret = "a client secret of the provider's";
    public const string Password = "a password at the provider's";

    private const string Schema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";
    private const string CookieName = "provider_session";

    private readonly string _directory = Directory.CreateTempSubdirectory("lead-router-provider-").FullName;
    private readonly HttpClient _admin;
    private Process? _process;

    private OpenIdProvider() => _admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{TestHost.FreePort()}/api/") };

    public Uri Issuer => new(_admin.BaseAddress!, "oidc");

    /// <summary>What it signs with.</summary>
    public RSA Key { get; } = RSA.Create(2048);

    public static async Task<OpenIdProvider> Start()
    {
        if (!File.Exists(Schema))
            throw new InvalidOperationException("There is no Glewlwyd on this machine: apt-get install glewlwyd sqlite3");
        var provider = new OpenIdProvider();
        await provider.MakeStore();
        await provider.Run();
        await provider.SetUp();
        return provider;
    }

    /// <summary>Somebody who can sign in there with <see cref="Password"/>.</summary>
    public Task Add(string username, string? email, bool verified = true, string[]? groups = null, string[]? sites = null) =>
        Send(HttpMethod.Post, "user/?source=database", Person(username, email, verified, groups, sites));

    /// <summary>The same person, with other claims from now on.</summary>
    public Task Change(string username, string? email, bool verified = true, string[]? groups = null, string[]? sites = null) =>
        Send(HttpMethod.Put, $"user/{username}?source=database", Person(username, email, verified, groups, sites));

    /// <summary>Where it may send browsers back to.</summary>
    public Task Trust(params Uri[] routers) => Send(HttpMethod.Put, $"client/{ClientId}?source=database", Client(routers));

    public async Task Run()
    {
        var start = new ProcessStartInfo("glewlwyd", [$"--config-file={Path.Combine(_directory, "glewlwyd.conf")}"])
        {
            UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Eventually.True(Listens, "the provider listens");
    }

    public async Task Stop()
    {
        if (_process is null)
            return;
        await _process.End();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _admin.Dispose();
        Key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static object Person(string username, string? email, bool verified, string[]? groups, string[]? sites) => new
    {
        username, name = username, email = email ?? "", password = Password, enabled = true, scope = new[] { "openid" },
        email_verified = verified ? "1" : "0", groups = groups ?? [], sites = sites ?? [],
    };

    private static object Client(params Uri[] routers) => new
    {
        client_id = ClientId, name = "Lead router", enabled = true, confidential = true, client_secret = ClientSecret,
        redirect_uri = routers.SelectMany(router => new[] { new Uri(router, "/sign-in/from-provider"), new Uri(router, "/sign-in") })
            .Append(new Uri("http://127.0.0.1:1/none")).ToArray(),
        authorization_type = new[] { "code" }, token_endpoint_auth_method = new[] { "client_secret_post" }, scope = Array.Empty<string>(),
    };

    private async Task MakeStore()
    {
        var store = Path.Combine(_directory, "store.db");
        var pages = Path.Combine(_directory, "pages");
        await Execute("sqlite3", store, $".read {Schema}");
        // A copy: in Debian's package the settings of its pages are a link that leads nowhere.
        await Execute("cp", "-rL", "/usr/share/glewlwyd/webapp", pages);
        await Execute("rm", "-rf", Path.Combine(pages, "config.json"));
        await Execute("cp", "/usr/share/glewlwyd/templates/config.json", Path.Combine(pages, "config.json"));
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "glewlwyd.conf"),
            $$"""
            port = {{_admin.BaseAddress!.Port.ToString(CultureInfo.InvariantCulture)}}
            bind_address = "127.0.0.1"
            external_url = "{{new Uri(_admin.BaseAddress, "/").AbsoluteUri.TrimEnd('/')}}"
            login_url = "login.html"
            api_prefix = "api"
            static_files_path = "{{pages}}"
            log_mode = "console"
            log_level = "ERROR"
            cookie_secure = 0
            cookie_same_site = "empty"
            session_key = "{{CookieName}}"
            admin_scope = "g_admin"
            profile_scope = "g_profile"
            user_module_path = "/usr/lib/glewlwyd/user"
            client_module_path = "/usr/lib/glewlwyd/client"
            user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
            plugin_module_path = "/usr/lib/glewlwyd/plugin"
            use_secure_connection = false
            secure_connection_key_file = "/none"
            secure_connection_pem_file = "/none"
            secure_connection_ca_file = "/none"
            hash_algorithm = "SHA512"
            database = { type = "sqlite3"; path = "{{store}}"; };
            static_files_mime_types = (
              { extension = ".html"; mime_type = "text/html" }, { extension = ".css"; mime_type = "text/css" },
              { extension = ".js"; mime_type = "application/javascript" }, { extension = ".json"; mime_type = "application/json" },
              { extension = ".png"; mime_type = "image/png" }, { extension = ".woff2"; mime_type = "font/woff2" }
            )
            """);
    }

    private static async Task Execute(string program, params string[] arguments)
    {
        var (code, output) = await Shell.Run(program, arguments);
        Assert.True(code == 0, $"{program}: {output}");
    }

    private async Task SetUp()
    {
        // As every new one has it. It listens on this machine alone, and is gone with the test.
        await Send(HttpMethod.Post, "auth/", new { username = "admin", password = "password" });
        var people = (await _admin.GetFromJsonAsync<JsonObject>("mod/user/database"))!;
        foreach (var (property, multiple) in new[] { ("email_verified", false), ("groups", true), ("sites", true) })
            people["parameters"]!["data-format"]![property] = new JsonObject { ["multiple"] = multiple, ["read"] = true, ["write"] = true };
        await Send(HttpMethod.Put, "mod/user/database", people);
        await Send(HttpMethod.Put, "mod/user/database/reset/", new { });
        await Send(HttpMethod.Post, "mod/plugin/", new JsonObject
        {
            ["module"] = "oidc", ["name"] = "oidc", ["display_name"] = "OpenID Connect", ["order_rank"] = 0, ["parameters"] = Protocol(),
        });
        await Send(HttpMethod.Post, "client/?source=database", Client());
    }

    private JsonObject Protocol()
    {
        var parameters = new JsonObject
        {
            ["iss"] = Issuer.AbsoluteUri, ["subject-type"] = "public", ["jwt-type"] = "rsa", ["jwt-key-size"] = "256",
            ["key"] = Key.ExportPkcs8PrivateKeyPem(), ["cert"] = Key.ExportSubjectPublicKeyInfoPem(),
            ["access-token-duration"] = 3600, ["refresh-token-duration"] = 3600, ["code-duration"] = 600,
            ["session-cookie-name"] = "provider_sid", ["session-cookie-expiration"] = 3600,
            ["name-claim"] = "mandatory", ["email-claim"] = "mandatory", ["scope-claim"] = "no",
            ["allowed-scope"] = new JsonArray("openid"),
            ["address-claim"] = new JsonObject { ["type"] = "no" }, ["additional-parameters"] = new JsonArray(),
            ["scope"] = new JsonArray(),
            ["claims"] = new JsonArray(
                Claim("email_verified", isBoolean: true), Claim("groups", isBoolean: false), Claim("sites", isBoolean: false)),
        };
        foreach (var on in new[]
            { "auth-type-code-enabled", "auth-type-code-revoke-replayed", "auth-type-id-token-enabled", "jwks-show", "pkce-allowed",
              "pkce-required", "session-management-allowed" })
            parameters[on] = true;
        foreach (var off in new[]
            { "refresh-token-rolling", "allow-non-oidc", "auth-type-token-enabled", "auth-type-none-enabled", "auth-type-password-enabled",
              "auth-type-client-enabled", "auth-type-device-enabled", "auth-type-refresh-enabled", "pkce-method-plain-allowed",
              "front-channel-logout-allowed", "back-channel-logout-allowed", "request-parameter-allow", "introspection-revocation-allowed",
              "register-client-allowed" })
            parameters[off] = false;
        return parameters;
    }

    private static JsonObject Claim(string name, bool isBoolean) => new()
    {
        ["name"] = name, ["user-property"] = name, ["type"] = isBoolean ? "boolean" : "string", ["boolean-value-true"] = "1",
        ["boolean-value-false"] = "0", ["mandatory"] = true, ["on-demand"] = false, ["scope"] = new JsonArray(),
    };

    private async Task Send(HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        using var response = await _admin.SendAsync(request);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{method} {path}: {await response.Content.ReadAsStringAsync()}");
    }

    private async Task<bool> Listens()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, _admin.BaseAddress!.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
