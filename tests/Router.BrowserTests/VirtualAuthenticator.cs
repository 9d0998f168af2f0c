using System.Text.Json;
using Microsoft.Playwright;

namespace Router.BrowserTests;

/// <summary>A device with passkeys, made by the browser itself (the DevTools protocol's WebAuthn): it signs as real ones do.</summary>
internal sealed class VirtualAuthenticator
{
    private readonly ICDPSession _session;
    private readonly string _id;

    private VirtualAuthenticator(ICDPSession session, string id) => (_session, _id) = (session, id);

    /// <param name="page">Whose browser gets it.</param>
    /// <param name="knowsWho">
    /// Whether it checks who is there and keeps whose passkey it has, as phones do; else it is a key that only knows that it was touched.
    /// </param>
    public static async Task<VirtualAuthenticator> Add(IPage page, bool knowsWho = true)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        var added = await session.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["options"] = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["protocol"] = "ctap2", ["transport"] = knowsWho ? "internal" : "usb", ["hasResidentKey"] = knowsWho,
                ["hasUserVerification"] = knowsWho, ["isUserVerified"] = knowsWho, ["automaticPresenceSimulation"] = true,
            },
        });
        return new VirtualAuthenticator(session, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    public async Task<JsonElement[]> Credentials()
    {
        var answer = await _session.SendAsync("WebAuthn.getCredentials", Of());
        return [.. answer!.Value.GetProperty("credentials").EnumerateArray()];
    }

    /// <summary>Puts in what another one has, as it was then.</summary>
    public Task Copy(JsonElement credential) => _session.SendAsync("WebAuthn.addCredential", Of(("credential", credential)));

    public Task Clear() => _session.SendAsync("WebAuthn.clearCredentials", Of());

    private Dictionary<string, object> Of(params (string Key, object Value)[] more) =>
        more.Append(("authenticatorId", _id)).ToDictionary(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal);
}
