using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

// A receiver as a destination's owner would write it: read the raw bytes, verify the signature over them, answer quickly.
// Started with a setting Secrets:<name> for each path: POST /<name> verifies with that secret and prints what came. The settings are files
// of Settings:Directory, /run/secrets by default. GET /received/<text> shows the latest hundred requests whose body has that text.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.Configuration.AddKeyPerFile(builder.Configuration["Settings:Directory"] ?? "/run/secrets", optional: true);
var app = builder.Build();
var secrets = builder.Configuration.GetSection("Secrets").GetChildren()
    .ToDictionary(secret => secret.Key, secret => Encoding.UTF8.GetBytes(secret.Value!), StringComparer.OrdinalIgnoreCase);
var received = new ConcurrentQueue<string>();
var indented = new JsonSerializerOptions { WriteIndented = true,
    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

app.MapGet("/", () => "The demo receiver is listening.\n");

app.MapGet("/received/{text}", (string text) =>
    string.Join('\n', received.Where(request => request.Contains(text, StringComparison.Ordinal))));

app.MapPost("/{name}", async (string name, HttpRequest request) =>
{
    using var buffer = new MemoryStream();
    await request.Body.CopyToAsync(buffer);
    var body = buffer.ToArray();

    // Any other path takes whatever comes, so that it can stand in for a receiver of yours.
    if (!secrets.TryGetValue(name, out var secret))
    {
        Print(name, request, body, "not checked: this path has no secret here");
        return Results.Ok();
    }

    var expected = HMACSHA256.HashData(secret, body);
    var given = request.Headers["X-Lead-Router-Signature"].ToString();
    var valid = given.Length == 64 && given.All(char.IsAsciiHexDigit)
        && CryptographicOperations.FixedTimeEquals(expected, Convert.FromHexString(given));
    Print(name, request, body, valid ? "verified" : "WRONG");
    return valid ? Results.Ok() : Results.Unauthorized();
});

await app.RunAsync();

void Print(string name, HttpRequest request, byte[] body, string verdict)
{
    var text = new StringBuilder();
    text.Append("── ").Append(name).Append(" received  POST ").Append(request.Path).AppendLine(" ──");
    foreach (var header in request.Headers.Where(
        header => header.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase) || header.Key == "User-Agent"))
        text.Append(header.Key).Append(": ").AppendLine(header.Value.ToString());
    text.AppendLine();
    text.AppendLine(Readable(body));
    text.Append("signature ").AppendLine(verdict);
    received.Enqueue(text.ToString());
    if (received.Count > 100)
        received.TryDequeue(out _);
    Console.WriteLine(text);
}

string Readable(byte[] body)
{
    try
    {
        return JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(body), indented);
    }
    catch (JsonException)
    {
        return $"({body.Length} bytes that are no JSON)";
    }
}
