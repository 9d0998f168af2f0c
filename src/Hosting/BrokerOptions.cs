using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>RabbitMq</c>.</summary>
internal sealed class BrokerOptions
{
    /// <summary>
    /// A line that has fallen silent is given up after three to four of these by us and after two to three by the broker. The least that its makers advise.
    /// </summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Where the broker is: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS. Required.</summary>
    [Required, RegularExpression("^amqps?://.*", ErrorMessage = "RabbitMq:Uri must begin with amqp:// or amqps://.")]
    public string Uri { get; set; } = "";
}
