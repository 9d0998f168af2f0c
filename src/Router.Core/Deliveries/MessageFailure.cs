using System.Runtime.Serialization;
using System.Text.Json;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>What kept a message of the broker from being taken care of.</summary>
public enum FailureKind
{
    /// <summary>The host stops, and hasn't begun with it.</summary>
    Stopping,

    /// <summary>It was canceled although the host doesn't stop, which only a bug can bring about.</summary>
    Canceled,

    /// <summary>RabbitMQ, or the connection to it, was lost.</summary>
    BrokerAway,

    /// <summary>Postgres is away, or refuses whatever it is asked.</summary>
    DatabaseAway,

    /// <summary>Postgres crashed and forgot the plan of the event.</summary>
    LostPlan,

    /// <summary>The event's site isn't in the database.</summary>
    UnknownSite,

    /// <summary>Postgres refuses this very event.</summary>
    Refused,

    /// <summary>It isn't the JSON that it should be.</summary>
    Unreadable,

    /// <summary>Anything else: a bug of ours.</summary>
    Bug,
}

/// <summary>Why a message couldn't be taken care of.</summary>
/// <param name="Kind">What kind of failure it is.</param>
/// <param name="Detail">
/// For operators: the class of the exception, or what Postgres calls it. Never contents; null where the kind says it all.
/// </param>
public readonly record struct MessageFailure(FailureKind Kind, string? Detail = null)
{
    /// <summary>
    /// Tells failures of Postgres, the event and ourselves apart. Those of the broker come as exceptions of a library that only the host
    /// knows: it must look for them first.
    /// </summary>
    /// <param name="failed">What was thrown.</param>
    /// <param name="isStopping">Whether the host stops.</param>
    public static MessageFailure Of(Exception failed, bool isStopping) => failed switch
    {
        OperationCanceledException => new(isStopping ? FailureKind.Stopping : FailureKind.Canceled),
        LostPlanException => new(FailureKind.LostPlan),
        _ when DatabaseAvailability.IsOutage(failed) => new(FailureKind.DatabaseAway),
        _ => OfEvent(failed) ?? new(FailureKind.Bug, NameOf(failed)),
    };

    /// <summary>What is wrong with the event itself, at whatever depth the exceptions say so; null when nothing is.</summary>
    private static MessageFailure? OfEvent(Exception failed) => failed switch
    {
        UnknownSiteException => new(FailureKind.UnknownSite),
        PostgresException refused => new(FailureKind.Refused, $"PostgresException {refused.SqlState}"),
        SerializationException or JsonException => new(FailureKind.Unreadable, failed.InnerException?.GetType().Name),
        { InnerException: { } inner } => OfEvent(inner),
        _ => null,
    };

    private static string NameOf(Exception failed) =>
        failed.InnerException is { } inner ? $"{failed.GetType().Name}: {inner.GetType().Name}" : failed.GetType().Name;
}
