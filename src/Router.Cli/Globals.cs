using System.CommandLine;

namespace Router.Cli;

/// <summary>What every command takes.</summary>
internal static class Globals
{
    public static readonly Option<string?> Url = new("--url")
    {
        Description = "Where the router's API is. Default: ROUTER_URL, or http://127.0.0.1:8080.", Recursive = true, HelpName = "URL",
    };

    public static readonly Option<FileInfo?> TokenFile = new("--token-file")
    {
        Description = "A file that holds the API token. Default: the variable ROUTER_TOKEN.", Recursive = true, HelpName = "FILE",
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Write JSON, for programs.", Recursive = true,
    };

    public static void AddTo(RootCommand root)
    {
        root.Add(Url);
        root.Add(TokenFile);
        root.Add(Json);
    }
}
