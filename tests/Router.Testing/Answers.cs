using System.Text.Json;

namespace Router.Testing;

/// <summary>What the incoming API may answer.</summary>
public static class Answers
{
    public static async Task AssertOk(int status, HttpResponseMessage response)
    {
        Assert.Equal((status, "{}"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    public static async Task<string> Error(HttpResponseMessage response)
    {
        Assert.False(response.IsSuccessStatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return Assert.Single(JsonSerializer.Deserialize<Dictionary<string, string>>(await response.Content.ReadAsStringAsync())!, pair =>
            pair.Key == "error").Value;
    }
}
