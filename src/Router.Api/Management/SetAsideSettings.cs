using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Changes;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Management;

/// <summary>What operators do with messages that are set aside, with a word in the audit log for each.</summary>
internal sealed class SetAsideSettings(ConfigurationChanges changes, SetAsideMessages messages, IOptions<BrokerOptions> broker)
{
    /// <summary>How many are on their way again. What is too large or has no contents any more stays.</summary>
    public Task<int> SendAgain(Guid? id, string? reason, CancellationToken cancellationToken) => Change(
        "changed", id, reason, "sent again",
        connection => SetAsideDecisions.SendAgain(
            connection, id is { } one ? [one] : null, reason, broker.Value.MaxMessageBytes, cancellationToken), cancellationToken);

    /// <summary>How many are gone for good.</summary>
    public Task<int> Delete(Guid? id, string? reason, CancellationToken cancellationToken) => Change(
        "deleted", id, reason, "deleted", connection =>
            SetAsideDecisions.Delete(connection, id is { } one ? [one] : null, reason, cancellationToken), cancellationToken);

    /// <summary>The contents, which are a person's: that somebody looked is written down. Null when there are none.</summary>
    public async Task<byte[]?> Show(Guid id, CancellationToken cancellationToken)
    {
        if (await messages.Contents(id, cancellationToken) is not { } contents)
            return null;

        await Change("shown", id, reason: null, "contents", _ => Task.FromResult(1), cancellationToken);
        return contents;
    }

    /// <summary>Puts a corrected message in its place.</summary>
    public async Task<Change<bool>> Correct(Guid id, byte[] message, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        if (message.Length > broker.Value.MaxMessageBytes)
            problems.Add("message", $"'message' is larger than {broker.Value.MaxMessageBytes} bytes, the most that can be sent.");
        else if (!IsObject(message))
            problems.Add("message", "'message' must be a JSON object.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        try
        {
            var corrected = await Change(
                "changed", id, reason: null, "corrected", async connection =>
                    await SetAsideDecisions.Correct(connection, id, message, cancellationToken) ? 1 : 0, cancellationToken);
            return corrected == 1 ? true : Refusal.NoSuch("message");
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict(
                "Another message of this queue that is set aside reads the same. Send that one again, and delete this one.");
        }
    }

    private async Task<int> Change(
        string action, Guid? id, string? reason, string what, Func<NpgsqlConnection, Task<int>> change, CancellationToken cancellationToken)
    {
        await using var begun = await changes.Begin(cancellationToken);
        var count = await change(begun.Connection);
        if (count > 0)
        {
            await begun.Connection.ExecuteAsync(
                """
                insert into audit_log (actor, action, kind, subject_id, subject, changes)
                values (current_setting('router.actor'), @action, 'set_aside', @subject, @subject,
                        jsonb_build_object(@what::text, jsonb_build_array(null, @count)))
                """, new { action, subject = id?.ToString("D") ?? reason ?? "all", what, count });
        }

        await begun.Commit(cancellationToken);
        return count;
    }

    private static bool IsObject(byte[] message)
    {
        try
        {
            using var document = JsonDocument.Parse(message, new JsonDocumentOptions { MaxDepth = 128 });
            return document.RootElement.ValueKind is JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
