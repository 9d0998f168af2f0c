namespace Router.Hosting;

internal static class Loopback
{
    /// <summary>Listens on 127.0.0.1 unless <c>ASPNETCORE_URLS</c>, <c>--urls</c> or a Kestrel endpoint says otherwise.</summary>
    public static void BindToLoopbackByDefault(this WebApplicationBuilder builder, int port)
    {
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && !builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
            builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    }
}
