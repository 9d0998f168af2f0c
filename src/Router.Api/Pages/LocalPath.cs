using Microsoft.AspNetCore.Mvc;

namespace Router.Api.Pages;

/// <summary>Where somebody is sent after signing in.</summary>
internal static class LocalPath
{
    /// <summary>The path if it is one of ours that a header can hold; else the start page.</summary>
    public static string Of(string? asked, IUrlHelper url) =>
        asked is not null && url.IsLocalUrl(asked) && asked.StartsWith('/') && asked.All(character => character is > ' ' and <= '~') ? asked
            : "/";
}
