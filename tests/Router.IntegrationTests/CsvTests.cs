using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsvHelper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Lists as CSV: all of a list, whatever strangers typed into it, and to nobody more than the page shows.</summary>
public sealed class CsvTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const int More = 505;

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Lists_AsCsv_AreWholeAndHoldNoFormulas()
    {
        var site = await _router.CreateSite();
        await Task.WhenAll(Enumerable.Range(0, More).Select(number => site.PostNumbered(number)));
        using (var posted = await site.Post(JsonSerializer.Serialize(
            new { source = "test", email = "ann@mail.test", first_name = "=HYPERLINK(\"http://x\")", last_name = "O'Hara, \"Ann\"" })))
            posted.EnsureSuccessStatusCode();
        await Eventually.Equal(
            More + 1L, () => _router.Query<long>("select count(*) from leads where site_id = @Id", new { site.Id }), "all are indexed", 60);
        await Eventually.Equal(
            More + 1L, () => _router.Query<long>("select count(*) from deliveries where site_id = @Id", new { site.Id }),
            "all are delivered");

        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var leads = await Read(owner, $"/sites/{site.Id}/leads?handler=Csv");
        Assert.Equal(More + 1, leads.Select(lead => lead["lead_id"]).Distinct().Count());
        var ann = Assert.Single(leads, lead => lead["email"] == "ann@mail.test");
        Assert.Equal(("'=HYPERLINK(\"http://x\") O'Hara, \"Ann\"", "delivered"), (ann["name"], ann["Lead Manager"]));
        Assert.True(DateTimeOffset.TryParse(ann["first_at"], CultureInfo.InvariantCulture, out _));

        Assert.Single(await Read(owner, $"/sites/{site.Id}/leads?handler=Csv&q=ann@mail"));
        var deliveries = await Read(owner, $"/sites/{site.Id}/deliveries?handler=Csv");
        Assert.Equal(More + 1, deliveries.Select(row => row["message_id"]).Distinct().Count());
        Assert.Empty(await Read(owner, $"/sites/{site.Id}/deliveries?handler=Csv&state=dead"));
        Assert.Equal($"{More + 1}", Assert.Single(await Read(owner, $"/sites/{site.Id}/statement?handler=Csv&days=7"))["received"]);

        // The same as a picture.
        var chart = await owner.Http.GetStringAsync($"/sites/{site.Id}/statement");
        Assert.Contains("<strong>100 %</strong> of what has an outcome was delivered", chart, StringComparison.Ordinal);
        Assert.Equal(
            More + 1,
            Regex.Matches(chart, @"<title>[^<]*: (\d+) delivered</title>")
                .Sum(bar => int.Parse(bar.Groups[1].Value, CultureInfo.InvariantCulture)));

        using var @operator = await PageClient.SignedIn(_router, "operator");
        Assert.All(
            await Read(@operator, $"/sites/{site.Id}/leads?handler=Csv"),
            lead => Assert.Equal(("", ""), (lead["name"], lead["email"])));
    }

    private static async Task<List<IDictionary<string, string>>> Read(PageClient client, string path)
    {
        using var response = await client.Http.GetAsync(path);
        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        using var reader = new StringReader((await response.Content.ReadAsStringAsync()).TrimStart('\uFEFF'));
        using var csv = new CsvReader(reader, CultureInfo.InvariantCulture);
        var rows = new List<IDictionary<string, string>>();
        await csv.ReadAsync();
        csv.ReadHeader();
        while (await csv.ReadAsync())
            rows.Add(csv.HeaderRecord!.ToDictionary(column => column, column => csv.GetField(column)!, StringComparer.Ordinal));
        return rows;
    }
}
