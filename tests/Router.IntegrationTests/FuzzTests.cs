using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// Mutated requests: whatever comes, no answer is a 5xx but 503, and what is accepted is delivered as it came. A few thousand here;
/// <c>tests/fuzz.sh</c> makes a hundred thousand.
/// </summary>
public sealed class FuzzTests(TestServers servers)
{
    private static readonly string[] Ours = ["action", "id", "partner_id", "site_uuid", "site_domain", "site_login_url", "source_system",
        "created", "activities", "source", "test"];

    private static readonly string[] Seeds =
    [
        """{"source":"Website","email":"jack@mail.test","first_name":"Jack","price":2.50"""
            + ""","tags":["a","b"],"created":"2015-10-01T06:14:01.597026Z"}""",
        """{"source":"s","phone":"808","activities":[{"type":"visited","source":"s","created":"2015-10-01T06:14:01Z","property":"""
            + """{"beds":3,"full_baths":"2","list_price":"450000.00"}}]}""",
        """{"id":"a27c20af4497415d9e4e7334dd1d40d2","source":"s","city":"Honolulu","unknown":{"deep":[1,[2,[3,{"x":null}]]]}"""
            + ""","role":"Buyer"}""",
        """{"source":"\u00e9\ud83d\ude00","last_name":"Größe","notes":"line\nbreak","id":""}""",
    ];

    private static readonly string[] Tokens =
    [
        "\\ud800", "\"\\udfff\"", "\\u0000", "\0", "\uFEFF", "null", "true", "{}", "[]", "\"\"", "1e999", "-0", "9999999999999999999999999",
        "[[[[[[[[[[", "{\"a\":", "\"source\":\"x\",",
        "\"id\":\"1\",", "\"email\":5,", ",", ":", "\\", "//", "é", "\u2028", "\"created\":\"\",", "\"activities\":[{}],",
    ];

    [Fact]
    public async Task Requests_Mutated_AreAnsweredAndDeliveredAsTheyCame()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("ROUTER_FUZZ_REQUESTS") ?? "3000", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("ROUTER_FUZZ_SEED") ?? "20150101", CultureInfo.InvariantCulture);
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Incoming:RatePerSecond", "100000"), ("Incoming:Burst", "1000000"));
        var site = await router.CreateSite(asLeadManager: true);
        var random = new Random(seed);
        var accepted = new List<string>();
        var statuses = new Dictionary<int, int>();

        for (var i = 0; i < count; i++)
        {
            var body = Mutate(random, Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]));
            var (method, path) = Target(random);
            var response = await site.Send(method, path, change: request => Dress(random, request, body));
            var status = (int)response.StatusCode;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            Assert.True(status is < 500 or 503,
                $"seed {seed}, request {i}: {status} for {method} {path} with {Convert.ToBase64String(body)}");
            var answer = await response.Content.ReadAsStringAsync();
            if (status is 201 && path == "/leads")
                accepted.Add(Foreign(body));
            if (status >= 400)
                Assert.True(answer.StartsWith("{\"error\":\"", StringComparison.Ordinal),
                    $"seed {seed}, request {i}: {status} {answer} for {method} {path}");
        }

        Assert.True(statuses.GetValueOrDefault(201) > count / 10, $"too few were accepted to say anything: {string.Join(", ", statuses)}");
        Assert.True(statuses.GetValueOrDefault(400) > 0 && statuses.GetValueOrDefault(422) > 0);
        await Eventually.True(
            async () => await router.Query<long>("select count(*) from deliveries where state <> 'delivered'") == 0
                && router.Receiver.At(site.LeadManager.Path).Count(request => request.Action == "created") >= accepted.Count,
            "all that was accepted is delivered", seconds: 60);
        var received = router.Receiver.At(site.LeadManager.Path).Where(request => request.Action == "created")
            .Select(request => Foreign(request.Body)).ToList();
        foreach (var lead in accepted)
            Assert.True(received.Remove(lead), $"accepted and not delivered as it came: {lead}");
        await router.AssertNothingPutAside();
    }

    private static byte[] Mutate(Random random, byte[] body)
    {
        var bytes = body.ToList();
        // A third stays as it is, so that enough is accepted.
        for (var mutations = random.Next(3) == 0 ? 0 : random.Next(1, 4); mutations > 0; mutations--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when bytes.Count > 0:
                    bytes[Math.Min(at, bytes.Count - 1)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(Math.Min(20, bytes.Count - at) + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(40, bytes.Count - at) + 1)));
                    break;
                case 4:
                    // A field of any shape, where fields are: most of these are legal.
                    bytes.InsertRange(1, Encoding.UTF8.GetBytes(
                        $"\"f{random.Next(5)}\":{Tokens[5 + random.Next(8)].Replace("[[[[[[[[[[", "[]", StringComparison.Ordinal)},"));
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)' ', random.Next(5)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static (HttpMethod Method, string Path) Target(Random random) => random.Next(12) switch
    {
        0 => (HttpMethod.Patch, "/leads/a27c20af4497415d9e4e7334dd1d40d2"),
        1 => (HttpMethod.Post, "/leads/a27c20af4497415d9e4e7334dd1d40d2/activities"),
        2 => (HttpMethod.Post, "/potential-seller-leads"),
        // No NUL: the server itself refuses it in a path, before any of our code, with an empty 400.
        3 => (HttpMethod.Put, "/users/" + Uri.EscapeDataString(
            Tokens[random.Next(Tokens.Length)].Replace("/", "", StringComparison.Ordinal)
                .Replace("\0", "", StringComparison.Ordinal) + "u")),
        4 => (HttpMethod.Parse(random.Next(2) == 0 ? "DELETE" : "OPTIONS"), "/leads"),
        _ => (HttpMethod.Post, "/leads"),
    };

    private static void Dress(Random random, HttpRequestMessage request, byte[] body)
    {
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = random.Next(20) == 0 ? new MediaTypeHeaderValue("text/xml")
            : new MediaTypeHeaderValue("application/json");
        if (random.Next(20) == 0)
            request.Headers.TryAddWithoutValidation("X-ROUTER-DESTINATIONS",
                string.Concat(Tokens[random.Next(Tokens.Length)].Where(character => character is >= (char)32 and < (char)127)));
        if (random.Next(20) == 0)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", $"{random.Next()}{random.Next()}");
        if (random.Next(20) == 0)
            request.Headers.TransferEncodingChunked = true;
    }

    /// <summary>The fields that aren't ours, in their order and spelling.</summary>
    private static string Foreign(byte[] body)
    {
        var json = body.AsMemory(body.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0);
        using var document = JsonDocument.Parse(json);
        return string.Join(",", document.RootElement.EnumerateObject()
            .Where(property => !Ours.Contains(NameOf(property), StringComparer.Ordinal))
            .Select(property => $"{Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(property))}:{property.Value.GetRawText()}"));
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "a lone surrogate";
        }
    }
}
