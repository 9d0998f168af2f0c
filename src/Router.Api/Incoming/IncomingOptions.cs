using System.ComponentModel.DataAnnotations;

namespace Router.Api.Incoming;

/// <summary>Section <c>Incoming</c>.</summary>
internal sealed class IncomingOptions
{
    /// <summary>How long to wait for the broker's confirm before answering 503. Default 1 s: senders give up after 2.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(1);
}
