using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Configuration;

/// <summary>
/// The secrets that files refer to, and which of them are others than the router's. One that can't be found is left as the router has it:
/// whoever compares needs none.
/// </summary>
internal sealed class SecretValues
{
    private const int InOneRequest = 200;

    private readonly Dictionary<SecretReference, string?> _values = [];
    private readonly Dictionary<Wanted, HashSet<string>> _others = [];
    private readonly List<(Wanted Wanted, JsonObject Question)> _questions = [];

    /// <summary>References that lead nowhere.</summary>
    public IEnumerable<SecretReference> Missing => _values.Where(value => value.Value is null).Select(value => value.Key);

    /// <summary>The secret at a path; null where the file doesn't name one or it can't be found.</summary>
    public string? Of(Wanted wanted, string path) => wanted.Secrets.TryGetValue(path, out var reference) ? Read(reference) : null;

    /// <summary>Asks, with the others, whether the router has these secrets of something.</summary>
    /// <param name="wanted">What the file says of it.</param>
    /// <param name="kind"><c>destination</c>, <c>integration</c> or <c>product</c>.</param>
    /// <param name="id">Its id.</param>
    public void Ask(Wanted wanted, string kind, string id)
    {
        var question = new JsonObject { [kind] = id };
        foreach (var (path, reference) in wanted.Secrets)
        {
            if (Read(reference) is not { } value)
                continue;
            if (path is "secret" or "key" or "password")
                question[path] = value;
            else if (path == "oauth.client_secret")
                question["client_secret"] = value;
            else if (path.Split('.', 2) is ["headers", var header])
                (question["headers"] ??= new JsonObject())[header] = value;
        }

        if (question.Count > 1)
            _questions.Add((wanted, question));
    }

    /// <summary>Puts the questions.</summary>
    public async Task Compare(Invocation run)
    {
        foreach (var chunk in _questions.Chunk(InOneRequest))
        {
            var items = new JsonArray([.. chunk.Select(question => (JsonNode)question.Question)]);
            JsonNode? answer;
            try
            {
                answer = await run.Api.Send(HttpMethod.Post, "secrets/compare", new JsonObject { ["items"] = items }, run.Cancellation);
            }
            catch (RefusedException refused) when (refused.IsAboutAccess)
            {
                // A token for reading sees all else that would change.
                Output.Note("This token may not compare secrets: those that changed don't show.");
                return;
            }

            foreach (var ((wanted, _), others) in chunk.Zip(answer!["items"]!.AsArray()))
                _others[wanted] = [.. others!.AsArray().Select(other => other!.ToString())];
        }
    }

    /// <summary>
    /// Whether the router has another one: <c>secret</c>, <c>headers</c>, <c>key</c>, <c>client_secret</c>, <c>password</c>.
    /// </summary>
    public bool IsOther(Wanted wanted, string name) => _others.TryGetValue(wanted, out var others) && others.Contains(name);

    /// <summary>The fingerprint of a certificate that a file refers to; null where it can't be read.</summary>
    public string? Fingerprint(Wanted wanted)
    {
        if (Of(wanted, "client_certificate.chain") is not { } chain)
            return null;

        try
        {
            using var certificate = X509Certificate2.CreateFromPem(chain);
            return Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));
        }
        catch (CryptographicException)
        {
            // The API says better what is wrong with it.
            return "";
        }
    }

    private string? Read(SecretReference reference)
    {
        if (!_values.TryGetValue(reference, out var value))
            _values[reference] = value = reference.Read();
        return value;
    }
}
