using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>RabbitMq</c>.</summary>
internal sealed class BrokerOptions
{
    /// <summary>Where the broker is: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS. Required.</summary>
    [Required, RegularExpression("^amqps?://.*", ErrorMessage = "RabbitMq:Uri must begin with amqp:// or amqps://.")]
    public string Uri { get; set; } = "";
}
