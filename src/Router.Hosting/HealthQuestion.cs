namespace Router.Hosting;

/// <summary>
/// <c>dotnet Router.Api.dll health</c> asks the host that runs beside it, with the same settings, whether it is ready: an exit code of 0
/// or 1, and the answer on the console. For the health checks of containers, whose images have nothing else to ask with.
/// </summary>
internal static class HealthQuestion
{
    public static async Task AskForHealth(this WebApplicationBuilder builder)
    {
        Environment.ExitCode = 1;
        // Less than a container engine waits for its health check.
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(8) };
        try
        {
            using var answer = await http.GetAsync(new Uri(Address(builder), "/health/ready"));
            Console.WriteLine(await answer.Content.ReadAsStringAsync());
            if (answer.IsSuccessStatusCode)
                Environment.ExitCode = 0;
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or OperationCanceledException)
        {
            Console.WriteLine(unreachable.Message);
        }
    }

    /// <summary>The first one that the host listens on, from within its own machine.</summary>
    private static Uri Address(WebApplicationBuilder builder)
    {
        var urls = builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).FirstOrDefault()
            ?? builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey)!;
        var address = BindingAddress.Parse(urls.Split(';')[0]);
        var host = address.Host is "+" or "*" or "0.0.0.0" or "[::]" ? "127.0.0.1" : address.Host;
        return new Uri($"{address.Scheme}://{host}:{address.Port}");
    }
}
