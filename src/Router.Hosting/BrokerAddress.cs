namespace Router.Hosting;

/// <summary>
/// Where RabbitMQ's nodes are and by whose name the router logs in: <c>amqp://user:password@host:port,host:port/vhost</c>. Pure.
/// </summary>
internal sealed class BrokerAddress
{
    private BrokerAddress(IReadOnlyList<Uri> nodes) => Nodes = nodes;

    /// <summary>The address of each, with what all have in common.</summary>
    public IReadOnlyList<Uri> Nodes { get; }

    public bool IsSecure => Nodes[0].Scheme == "amqps";

    public string User => Credentials[0];

    public string Password => Credentials.Length > 1 ? Credentials[1] : "";

    public string VirtualHost =>
        Uri.UnescapeDataString(Nodes[0].AbsolutePath.TrimStart('/')) is { Length: > 0 } name ? name : "/";

    private string[] Credentials => [.. Nodes[0].UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)];

    /// <exception cref="UriFormatException">It is none; the text doesn't repeat it.</exception>
    public static BrokerAddress Parse(string text) => new(Each(text));

    /// <summary>The port that a node listens on.</summary>
    public int PortOf(Uri node) => node.Port > 0 ? node.Port : IsSecure ? 5671 : 5672;

    /// <summary>Of <c>scheme://user@a:1,b/path</c> one address for each host.</summary>
    /// <exception cref="UriFormatException">One of them is none; the text doesn't repeat it.</exception>
    public static IReadOnlyList<Uri> Each(string text)
    {
        var start = text.IndexOf("://", StringComparison.Ordinal) + "://".Length;
        var end = text.IndexOf('/', start) is > 0 and var slash ? slash : text.Length;
        var hosts = Math.Max(start, text.LastIndexOf('@', end - 1) + 1);
        return [.. text[hosts..end].Split(',').Select(host => new Uri($"{text[..hosts]}{host.Trim()}{text[end..]}"))];
    }

    /// <summary>Whether each host of the text makes an address.</summary>
    public static bool IsWellFormed(string text)
    {
        try
        {
            return Each(text).All(uri => uri.Host.Length > 0);
        }
        catch (Exception wrong) when (wrong is UriFormatException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }
}
