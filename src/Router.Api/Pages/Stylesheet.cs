using System.Security.Cryptography;

namespace Router.Api.Pages;

/// <summary>The one stylesheet, from the assembly; its name changes with its contents, so that browsers may keep it.</summary>
internal static class Stylesheet
{
    private static readonly byte[] Css = Read();

    public static readonly string Path = $"/style-{Convert.ToHexStringLower(SHA256.HashData(Css).AsSpan(0, 6))}.css";

    public static void MapStylesheet(this WebApplication app) =>
        app.MapGet(Path, (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            return TypedResults.Bytes(Css, "text/css; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();

    private static byte[] Read()
    {
        using var stream = typeof(Stylesheet).Assembly.GetManifestResourceStream("Router.Api.Pages.style.css")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return buffer.ToArray();
    }
}
