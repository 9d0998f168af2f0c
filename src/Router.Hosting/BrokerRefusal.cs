using RabbitMQ.Client.Exceptions;

namespace Router.Hosting;

/// <summary>
/// What RabbitMQ said when it refused something, for a log or a health check: its own sentence says more than a type of exception.
/// </summary>
internal static class BrokerRefusal
{
    private const ushort PreconditionFailed = 406;

    /// <summary>Its sentence, or the kind of failure where it said nothing.</summary>
    public static string Sentence(Exception failed) => Find(failed) switch
    {
        AuthenticationFailureException refused => refused.Message,
        OperationInterruptedException { ShutdownReason: { } reason } => reason.ReplyText,
        _ when failed.InnerException is { } inner => $"{failed.GetType().Name}: {inner.GetType().Name}",
        _ => failed.GetType().Name,
    };

    /// <summary>Whether it exists with other properties, or is too large: what was asked for can't be, however often it is tried.</summary>
    public static bool IsPrecondition(Exception failed) =>
        Find(failed) is OperationInterruptedException { ShutdownReason.ReplyCode: PreconditionFailed };

    private static Exception? Find(Exception? failed)
    {
        for (; failed is not null; failed = failed.InnerException)
        {
            if (failed is AuthenticationFailureException or OperationInterruptedException { ShutdownReason: not null })
                return failed;
        }

        return null;
    }
}
