using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Router.Chaos;

/// <summary>A site, its product's credentials and its destinations, all of them active from the start to the end.</summary>
internal sealed record Site(Guid Id, AuthenticationHeaderValue Credentials, IReadOnlyList<Guid> Destinations)
{
    /// <summary>The first manners are Lead Manager's.</summary>
    public static async Task<Site> Create(HttpClient admin, Receivers receivers, params Manners[] manners)
    {
        var id = Guid.NewGuid();
        var addresses = manners.Select(receivers.Add).ToList();
        await Post(admin, "/api/sites", new
        {
            id, name = "A site", domain = "www.site.test",
            lead_manager = new { url = addresses[0].Url, secret = addresses[0].Secret, partner_id = "lm" },
        });
        foreach (var (url, secret) in addresses.Skip(1))
            await Post(admin, $"/api/sites/{id}/destinations",
                new { name = url.AbsolutePath.Trim('/'), url, secret, partner_id = "p", active = true });

        var product = await Post(admin, "/api/products", new { username = $"web-{id:N}", display_name = "Website" });
        var (username, password) = (product.GetProperty("username").GetString(), product.GetProperty("password").GetString());
        (await admin.PutAsync($"/api/products/{username}/sites/{id}", content: null)).EnsureSuccessStatusCode();

        var byUrl = (await admin.GetFromJsonAsync<JsonElement>($"/api/sites/{id}/destinations")).GetProperty("items").EnumerateArray()
            .ToDictionary(item => new Uri(item.GetProperty("url").GetString()!), item => item.GetProperty("id").GetGuid());
        foreach (var (url, _) in addresses)
            receivers.Name(url, byUrl[url]);
        return new Site(id, new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))), [.. byUrl.Values]);
    }

    private static async Task<JsonElement> Post(HttpClient admin, string path, object body)
    {
        using var response = await admin.PostAsJsonAsync(path, body);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
