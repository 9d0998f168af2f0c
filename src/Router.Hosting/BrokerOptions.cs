using System.ComponentModel.DataAnnotations;

namespace Router.Hosting;

/// <summary>Section <c>RabbitMq</c>: where RabbitMQ is. The same in all hosts.</summary>
internal sealed class BrokerOptions : IValidatableObject
{
    /// <summary>
    /// Where RabbitMQ is: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS. Of a cluster all
    /// nodes (<c>amqp://user:password@mq1:5672,mq2,mq3/vhost</c>): a host connects to any that lives. Required.
    /// </summary>
    [Required, RegularExpression("^amqps?://.*", ErrorMessage = "RabbitMq:Uri must begin with amqp:// or amqps://.")]
    public string Uri { get; set; } = "";

    /// <summary>
    /// Where its management API is, which tells of policies, alarms and consumers: <c>http://host:15672</c>, or of a
    /// cluster <c>http://mq1:15672,mq2:15672</c>. The user of <see cref="Uri"/> needs the tag <c>management</c>;
    /// without it the router works, and says that it can't see them. Default: port 15672 of the same hosts.
    /// </summary>
    [RegularExpression("^https?://.*", ErrorMessage = "RabbitMq:ManagementUri must begin with http:// or https://.")]
    public string? ManagementUri { get; set; }

    /// <summary>How often a host checks RabbitMQ's queues, policies and alarms. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan LookInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The largest message, in bytes, that is published or consumed; larger ones are set aside for an operator. From
    /// version 4 on RabbitMQ takes no more than 16 MiB unless told otherwise. Default 16,777,216 (16 MiB).
    /// </summary>
    [Range(64 * 1024, 128 * 1024 * 1024)]
    public int MaxMessageBytes { get; set; } = 16 * 1024 * 1024;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Never the text itself, which holds a password.
        if (!BrokerAddress.IsWellFormed(Uri))
            yield return new ValidationResult(
                "RabbitMq:Uri is no address such as amqp://user:password@host:5672/vhost, or of a cluster "
                + "amqp://user:password@mq1,mq2,mq3/vhost. In it '@', '/', '?' and '%' of a password are percent-encoded.",
                [nameof(Uri)]);
        if (ManagementUri is { Length: > 0 } management && !BrokerAddress.IsWellFormed(management))
            yield return new ValidationResult(
                "RabbitMq:ManagementUri is no address such as http://host:15672, or of a cluster http://mq1:15672,mq2:15672.",
                [nameof(ManagementUri)]);
    }
}
