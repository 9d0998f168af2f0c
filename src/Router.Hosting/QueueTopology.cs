using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Router.Hosting;

/// <summary>
/// Makes the router's queues as they must be. One that exists with other arguments, made by an older version or by hand, is used as it is:
/// RabbitMQ can't change a queue, nor delete a quorum queue only if it is empty. What it lacks is told.
/// </summary>
internal sealed partial class QueueTopology(ILogger<QueueTopology> logger)
{
    private const int MostDifferences = 12;

    private readonly ConcurrentDictionary<string, Dictionary<string, object?>> _actual = new(StringComparer.Ordinal);

    /// <summary>What a declaration of the queue must say to be accepted.</summary>
    public IReadOnlyDictionary<string, object?> ArgumentsOf(string queue) =>
        _actual.TryGetValue(queue, out var actual) ? actual : BrokerQueues.Arguments(queue);

    /// <summary>The arguments that the queue should have and hasn't.</summary>
    public IReadOnlyList<string> Lacking(string queue) =>
        [.. BrokerQueues.Arguments(queue).Where(wanted => !IsThere(ArgumentsOf(queue), wanted)).Select(wanted => wanted.Key)];

    /// <summary>Returns when all queues are there, each behind an exchange of its name.</summary>
    /// <exception cref="OperationInterruptedException">RabbitMQ refuses it; its sentence says why.</exception>
    public async Task Ensure(IConnection connection, CancellationToken cancellationToken)
    {
        foreach (var queue in BrokerQueues.All)
        {
            await Declare(connection, queue, cancellationToken);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.ExchangeDeclareAsync(
                queue, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(queue, queue, "", cancellationToken: cancellationToken);
        }
    }

    // RabbitMQ doesn't tell an int from a long.
    private static bool IsThere(IReadOnlyDictionary<string, object?> arguments, KeyValuePair<string, object?> wanted) =>
        arguments.TryGetValue(wanted.Key, out var has)
        && Convert.ToString(has, CultureInfo.InvariantCulture) == Convert.ToString(wanted.Value, CultureInfo.InvariantCulture);

    private async Task Declare(IConnection connection, string queue, CancellationToken cancellationToken)
    {
        var arguments = BrokerQueues.Arguments(queue);
        for (var differences = 0; ; differences++)
        {
            // Of its own: a refusal ends the channel.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            try
            {
                await channel.QueueDeclareAsync(
                    queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
                if (differences > 0 && (!_actual.TryGetValue(queue, out var known) || known.Count != arguments.Count))
                    LogOtherwise(logger, queue);
                _actual[queue] = arguments;
                return;
            }
            catch (OperationInterruptedException refused) when (BrokerRefusal.IsPrecondition(refused) && differences < MostDifferences)
            {
                if (!TryAdapt(arguments, refused.ShutdownReason!.ReplyText))
                    throw;
            }
        }
    }

    /// <summary>
    /// Makes the arguments what the queue has: false where the sentence doesn't say it. RabbitMQ names the first argument that differs, and
    /// the queue's own value of it.
    /// </summary>
    internal static bool TryAdapt(Dictionary<string, object?> arguments, string sentence)
    {
        if (Difference().Match(sentence) is not { Success: true } difference || difference.Groups["name"].Value is "x-queue-type")
            return false;

        var (name, value) = (difference.Groups["name"].Value, difference.Groups["value"]);
        if (!value.Success)
            return arguments.Remove(name);

        // No argument of ours is a text of digits.
        arguments[name] = long.TryParse(value.Value, CultureInfo.InvariantCulture, out var number) ? number : value.Value;
        return true;
    }

    [GeneratedRegex(
        @"inequivalent arg '(?<name>[^']+)'.* but current is (none|the value '(?<value>[^']*)' of type '(?<type>[^']*)'|'(?<value>[^']*)')",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Difference();

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The queue {Queue} exists with other arguments than it should have; it is used as it is. "
        + "The operator's page says what that means")]
    private static partial void LogOtherwise(ILogger logger, string queue);
}
