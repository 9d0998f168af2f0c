using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary><c>router apply</c> and <c>export</c>: configuration in files.</summary>
public sealed class ApplyTests(SharedRouter shared) : IClassFixture<SharedRouter>, IDisposable
{
    private readonly RouterFixture _router = shared.Router;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("router-apply-");

    private CommandLine Router => CommandLine.Of(_router);

    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["LM_SECRET"] = "the Lead Manager's secret", ["API_SECRET"] = "the secret of an API", ["API_KEY"] = "the key of an API",
        ["PASSWORD"] = "a-password-from-before",
    };

    [Fact]
    public async Task Site_Applied_IsThere_AndTheSecondTimeChangesNothing()
    {
        var id = Guid.NewGuid();
        var file = Write("sites.yaml", Site(id));
        var planned = await Router.Run(Secrets, "apply", "-f", file, "--dry-run");
        Assert.Equal(3, planned.ExitCode);
        Assert.Contains("+ destination My API of Realty", planned.Output, StringComparison.Ordinal);
        Assert.Contains("5 to add, 0 to change, 0 to delete", planned.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Router.Run("sites", "show", $"{id}")).ExitCode);

        var applied = await Router.Run(Secrets, "apply", "-f", file);
        Assert.True(applied.ExitCode == 0, applied.Errors);
        Assert.All(Secrets.Values, secret => Assert.DoesNotContain(secret, applied.Output + applied.Errors, StringComparison.Ordinal));
        var destination = (await Destinations(id))[1];
        Assert.Equal(5, destination.GetProperty("max_per_second").GetDouble());
        Assert.Equal("source", destination.GetProperty("filter").GetProperty("conditions")[0].GetProperty("field").GetString());
        Assert.Equal("X-Api-Key", destination.GetProperty("header_names")[0].GetString());
        using var lead = new HttpRequestMessage(HttpMethod.Post, new Uri(_router.Api.Url, $"/rest/sites/{id}/leads"))
        {
            Content = new StringContent("""{"source": "Website", "email": "a@b.c"}""", null, "application/json"),
        };
        lead.Headers.Authorization = new("Basic", Convert.ToBase64String(
            System.Text.Encoding.UTF8.GetBytes($"web-{id:N}:{Secrets["PASSWORD"]}")));
        using var http = new HttpClient();
        await Answers.AssertOk(201, await http.SendAsync(lead));
        var received = Assert.Single(await _router.Receiver.Wait($"/api-{id:N}", 1));
        Assert.True(received.IsSignedWith(Secrets["API_SECRET"]));
        Assert.Equal(Secrets["API_KEY"], received.Headers["X-Api-Key"]);

        var audit = await Audit(id);
        var again = await Router.Run(Secrets, "apply", "-f", file);
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("Nothing to change", again.Output, StringComparison.Ordinal);
        Assert.Equal(audit, await Audit(id));
    }

    [Fact]
    public async Task Site_Changed_IsChangedInThisAlone()
    {
        var id = Guid.NewGuid();
        var file = Write("sites.yaml", Site(id));
        await Router.Run(Secrets, "apply", "-f", file);
        File.WriteAllText(file, File.ReadAllText(file).Replace("max_per_second: 5", "max_per_second: 7.5", StringComparison.Ordinal)
            .Replace("ann@", "bob@", StringComparison.Ordinal));
        var other = new Dictionary<string, string>(Secrets) { ["API_SECRET"] = "another secret" };

        var planned = (await Router.Run(other, "apply", "-f", file, "--dry-run", "--json")).Json;
        var steps = planned.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(["change destination", "add person"],
            steps.Select(step => $"{step.GetProperty("action").GetString()} {step.GetProperty("thing").GetString()}"));
        Assert.Equal(["max_per_second", "secret"],
            steps[0].GetProperty("fields").EnumerateArray().Select(field => field.GetProperty("field").GetString()));
        Assert.Equal(1, planned.GetProperty("kept").GetArrayLength());
        var pruned = await Router.Run(other, "apply", "-f", file, "--prune");
        Assert.True(pruned.ExitCode == 0, pruned.Errors);
        Assert.Contains($"- person ann@{id:N}.test of Realty", pruned.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Router.Run(other, "apply", "-f", file, "--prune", "--dry-run")).ExitCode);

        // What isn't found isn't touched, and said.
        var without = await Router.Run("apply", "-f", file);
        Assert.Equal(0, without.ExitCode);
        Assert.Contains("4 secrets can't be found and stay", without.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_NoLongerNamed_IsDeletedOnlyWhenAsked()
    {
        var id = Guid.NewGuid();
        var file = Write("sites.yaml", Site(id));
        await Router.Run(Secrets, "apply", "-f", file);
        Write("sites.yaml", $"sites:\n  - id: {id}\n    destinations: []\n");
        var kept = await Router.Run("apply", "-f", file);
        Assert.Equal(0, kept.ExitCode);
        Assert.Contains("--prune deletes them: destination My API of", kept.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await Destinations(id)).Count);
        Assert.Equal(0, (await Router.Run("apply", "-f", file, "--prune")).ExitCode);
        Assert.Single(await Destinations(id));
    }

    [Theory]
    [InlineData("sites:\n  - name: X\n", "sites.yaml:2: A site needs its 'id'")]
    [InlineData("sites:\n  - id: 6f1c3ad2-0000-4000-8000-000000000001\n    domian: x.test\n",
        "sites.yaml:3: A site has no 'domian'. Is 'domain' meant?")]
    [InlineData("sites:\n  - id: 6f1c3ad2-0000-4000-8000-000000000001\n    lead_manager:\n      secret: hunter2\n",
        "sites.yaml:4: 'secret' is a secret and doesn't belong into this file")]
    [InlineData("sites:\n  - id: 6f1c3ad2-0000-4000-8000-000000000001\n    require_proven: perhaps\n",
        "sites.yaml:3: 'require_proven' must be true or false")]
    [InlineData("sites:\n  - id: 6f1c3ad2-0000-4000-8000-000000000001\n    name: X\n",
        "sites.yaml:2: X is new, and needs its 'lead_manager'")]
    [InlineData("sites: [\n", "sites.yaml:")]
    public async Task File_WithAMistake_IsRefusedByItsLine(string yaml, string expected)
    {
        var refused = await Router.Run("apply", "-f", Write("sites.yaml", yaml));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(expected, refused.Errors, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_OfTheRouter_IsToldByItsLine_AndTheRestIsDone()
    {
        var id = Guid.NewGuid();
        var file = Write("sites.yaml", Site(id)
            + "\n      - name: Internal\n        url: https://10.0.0.1/leads\n        secret: {env: API_SECRET}\n");
        var applied = await Router.Run(Secrets, "apply", "-f", file);
        Assert.Equal(1, applied.ExitCode);
        var line = File.ReadAllLines(file).Index().First(line => line.Item.Contains("10.0.0.1", StringComparison.Ordinal)).Index + 1;
        Assert.Contains($"sites.yaml:{line}: destination Internal of Realty: ", applied.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await Destinations(id)).Count);
    }

    [Fact]
    public async Task Export_AppliedToAnEmptyRouter_GivesTheSame()
    {
        await using var first = await RouterFixture.Start(shared.Servers, workers: 0);
        await using var second = await RouterFixture.Start(shared.Servers, workers: 0);
        await first.Admin.PostAsJsonAsync("/api/integrations", new
        {
            ready_made = "follow_up_boss", headers = new Dictionary<string, string> { ["X-System"] = "us", ["X-System-Key"] = "k" },
            published = true,
        });
        var file = Write("sites.yaml", Site(Guid.NewGuid(), first)
            + "\n      - name: Boss\n        integration: Follow Up Boss\n        key: {env: API_KEY}\n");
        var applied = await CommandLine.Of(first).Run(Secrets, "apply", "-f", file);
        Assert.True(applied.ExitCode == 0, applied.Errors);

        var exported = Path.Combine(_directory.FullName, "exported.yaml");
        Assert.Equal(0, (await CommandLine.Of(first).Run("export", "-o", exported)).ExitCode);
        // A router that has the secrets needs no files of them.
        Assert.Equal(0, (await CommandLine.Of(first).Run("apply", "-f", exported, "--dry-run")).ExitCode);
        var missing = await CommandLine.Of(second).Run("apply", "-f", exported);
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("isn't there: the file ", missing.Errors, StringComparison.Ordinal);
        foreach (var path in File.ReadLines(exported).Where(line => line.Contains("file: ", StringComparison.Ordinal))
            .Select(line => Path.Combine(_directory.FullName, line.Split("file: ")[1])))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, "a secret of sixteen letters\n".Replace(' ', '-'));
        }

        var taken = await CommandLine.Of(second).Run("apply", "-f", exported);
        Assert.True(taken.ExitCode == 0, taken.Errors);
        var again = await CommandLine.Of(second).Run("export");
        Assert.Equal(await File.ReadAllTextAsync(exported), again.Output);
    }

    [Fact]
    public async Task Product_WithoutAPassword_GetsOne_InAFileOfItsOwn()
    {
        var username = $"new-{Guid.NewGuid():N}";
        var file = Write("sites.yaml", $"products:\n  - {{username: {username}, display_name: New}}\n");
        Assert.Equal(2, (await Router.Run("apply", "-f", file)).ExitCode);
        var kept = Path.Combine(_directory.FullName, "credentials");
        var applied = await Router.Run("apply", "-f", file, "--credentials", kept);
        Assert.Equal(0, applied.ExitCode);
        var password = File.ReadAllText(kept).Split($"{username}: ")[1].Trim();
        Assert.DoesNotContain(password, applied.Output + applied.Errors, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Site(Guid id, RouterFixture? router = null) => $$"""
        products:
          - username: web-{{id:N}}
            display_name: Our Website
            password: {env: PASSWORD}
        sites:
          - id: {{id}}
            name: Realty
            domain: WWW.Realty.test
            lead_manager:
              url: {{(router ?? _router).Receiver.Url}}lm-{{id:N}}
              secret: {env: LM_SECRET}
              partner_id: 42
              timeout: 20
            senders: [web-{{id:N}}]
            people:
              ann@{{id:N}}.test: owner
            destinations:
              - name: My API
                url: {{(router ?? _router).Receiver.Url}}api-{{id:N}}
                secret: {env: API_SECRET}
                partner_id: 007
                max_per_second: 5
                headers:
                  X-Api-Key: {env: API_KEY}
                filter:
                  conditions:
                    - {field: source, operator: is, values: [Website]}
        """.TrimEnd();

    private string Write(string name, string yaml)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, yaml);
        return path;
    }

    private Task<long> Audit(Guid site) => _router.Query<long>(
        "select count(*) from audit_log where site_id = @site or subject_id like '%' || replace(@site::text, '-', '') || '%'",
        new { site });

    private async Task<List<JsonElement>> Destinations(Guid site) =>
        [.. (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site}/destinations")).GetProperty("items").EnumerateArray()];
}
