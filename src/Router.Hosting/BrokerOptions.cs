using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>RabbitMq</c>.</summary>
internal sealed class BrokerOptions
{
    /// <summary>Where the broker is: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS. Required.</summary>
    [Required, RegularExpression("^amqps?://.*", ErrorMessage = "RabbitMq:Uri must begin with amqp:// or amqps://.")]
    public string Uri { get; set; } = "";

    /// <summary>
    /// Where the broker's management API is, which tells of policies, alarms and consumers: <c>http://host:15672</c>. Default: port 15672 of the
    /// broker's host. The user of <see cref="Uri"/> needs the tag <c>management</c>; without it the router works, and says that it can't see them.
    /// </summary>
    [RegularExpression("^https?://.*", ErrorMessage = "RabbitMq:ManagementUri must begin with http:// or https://.")]
    public string? ManagementUri { get; set; }

    /// <summary>How often RabbitMQ's queues, policies and alarms are looked at. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The largest message, in bytes, that is published or taken. Default 16 MiB, the most that RabbitMQ takes unless told otherwise, from version 4
    /// on. Larger ones are set aside for an operator.
    /// </summary>
    [Range(64 * 1024, 128 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 16 * 1024 * 1024;
}
