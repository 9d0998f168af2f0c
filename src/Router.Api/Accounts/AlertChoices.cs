using System.Globalization;
using Dapper;
using Npgsql;
using Router.Api.Changes;

namespace Router.Api.Accounts;

/// <summary>Whether an account gets alerts by mail, and when not.</summary>
/// <param name="Alerts">Whether it gets any.</param>
/// <param name="QuietFrom">When its quiet hours begin, in its time zone; null when there are none.</param>
/// <param name="QuietUntil">When they end.</param>
internal sealed record AlertChoice(bool Alerts, TimeOnly? QuietFrom, TimeOnly? QuietUntil);

/// <summary>Reads and changes what accounts want to be told.</summary>
internal sealed class AlertChoices(ConfigurationChanges changes, NpgsqlDataSource database)
{
    /// <summary>Of the account of this request.</summary>
    public async Task<AlertChoice> Read(NpgsqlConnection connection) => await connection.QuerySingleAsync<AlertChoice>(
        "select alerts, quiet_from, quiet_until from accounts where id = @Id", new { changes.Account.Id });

    /// <summary>Of the account of this request; the quiet hours are two times such as 22:00, or both empty.</summary>
    public async Task<Change<Guid>> Save(bool alerts, string? from, string? until, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        var (quietFrom, quietUntil) = (Time("quiet_from", from, problems), Time("quiet_until", until, problems));
        if (!problems.Any && quietFrom is null != quietUntil is null)
            problems.Add(quietFrom is null ? "quiet_from" : "quiet_until", "Enter both ends of the quiet hours, or neither.");
        if (!problems.Any && quietFrom is not null && quietFrom == quietUntil)
            problems.Add("quiet_until", "The quiet hours end when they begin. Enter two different times, or neither.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        await using var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync(
            "update accounts set alerts = @alerts, quiet_from = @quietFrom, quiet_until = @quietUntil where id = @Id",
            new { alerts, quietFrom, quietUntil, changes.Account.Id });
        await change.Commit(cancellationToken);
        return changes.Account.Id;
    }

    /// <summary>Whether there is an account that this link of its mails belongs to.</summary>
    public async Task<bool> Knows(Guid unsubscribe, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition("select exists (select from accounts where unsubscribe = @unsubscribe)", new { unsubscribe },
            cancellationToken: cancellationToken));
    }

    /// <summary>By the link in a mail: whoever has it may end these mails, and nothing else.</summary>
    public async Task<bool> Unsubscribe(Guid unsubscribe, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin("the link in a mail", cancellationToken);
        var changed = await change.Connection.ExecuteAsync(
            "update accounts set alerts = false where unsubscribe = @unsubscribe", new { unsubscribe });
        await change.Commit(cancellationToken);
        return changed > 0;
    }

    private static TimeOnly? Time(string field, string? text, FieldProblems problems)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (TimeOnly.TryParseExact(text.Trim(), ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time;

        problems.Add(field, "Enter a time such as 22:00.");
        return null;
    }
}
