using System.Text.Json;
using System.Text.Json.Nodes;

namespace Router.Cli.Listening;

/// <summary>A request that a listener got.</summary>
internal sealed record Heard(string? Action, string? MessageId, string? Attempt, string? Timestamp, byte[] Body, Verdict Verdict)
{
    /// <summary>Came before: the pair of message and Partner ID, as docs/receivers.md says.</summary>
    public bool IsRepetition { get; init; }

    /// <summary>What was answered.</summary>
    public int Status { get; init; }

    /// <summary>Why it couldn't be passed on; null when it was, or wasn't to be.</summary>
    public string? ForwardProblem { get; init; }

    /// <summary>By which a receiver recognizes it; null where it has no message id.</summary>
    public string? Identity => MessageId is null ? null : $"{MessageId} {PartnerId()}";

    /// <summary>The body as JSON, or as text where it is none.</summary>
    public JsonNode? Contents()
    {
        try
        {
            return JsonNode.Parse(Body);
        }
        catch (JsonException)
        {
            return System.Text.Encoding.UTF8.GetString(Body);
        }
    }

    private string? PartnerId()
    {
        try
        {
            return JsonNode.Parse(Body)?["partner_id"]?.ToString();
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
