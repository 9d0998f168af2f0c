using System.Security.Cryptography;

namespace Router.Api.Pages;

/// <summary>
/// The stylesheet, the script and the icon, from the assembly. Their names change with their contents, so that browsers may keep them.
/// </summary>
internal static class Assets
{
    public static readonly Asset Style = Asset.Read("style.css", "text/css; charset=utf-8");

    /// <summary>Improves pages that work without it.</summary>
    public static readonly Asset Script = Asset.Read("script.js", "text/javascript; charset=utf-8");

    public static readonly Asset Icon = Asset.Read("icon.svg", "image/svg+xml");

    public static void MapAssets(this WebApplication app)
    {
        foreach (var asset in (Asset[])[Style, Script, Icon])
        {
            app.MapGet(asset.Path, (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                return TypedResults.Bytes(asset.Bytes, asset.ContentType);
            }).AllowAnonymous().ExcludeFromDescription();
        }
    }
}

/// <summary>A file that pages ask for.</summary>
internal sealed record Asset(string Path, byte[] Bytes, string ContentType)
{
    public static Asset Read(string name, string contentType)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream($"Router.Api.Pages.{name}")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        var bytes = buffer.ToArray();
        return new Asset($"/assets/{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6))}-{name}", bytes, contentType);
    }
}
