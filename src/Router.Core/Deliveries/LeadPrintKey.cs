using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>The key of the hashes by which duplicates are recognized: one for all workers, in the database, encrypted.</summary>
public sealed partial class LeadPrintKey(SecretProtection secrets, ILogger<LeadPrintKey> logger)
{
    private byte[]? _key;
    private bool _isUnreadable;

    /// <summary>Null when it can't be decrypted: then no duplicate is recognized.</summary>
    /// <param name="connection">Outside of a transaction, which might be undone.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    internal async ValueTask<byte[]?> Read(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_key is not null || _isUnreadable)
            return _key;

        var made = secrets.Protect(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            // It is remembered for as long as this worker runs: a crash that forgets it would leave each worker with a key of its own.
            await connection.ExecuteAsync(new CommandDefinition(
                "set local synchronous_commit = on; insert into lead_print_key (key) values (@made) on conflict do nothing",
                new { made }, transaction, cancellationToken: cancellationToken));
            await transaction.CommitAsync(cancellationToken);
        }

        var stored = await connection.QuerySingleAsync<string>(
            new CommandDefinition("select key from lead_print_key", cancellationToken: cancellationToken));
        if (secrets.TryUnprotect(stored) is { } key)
            return _key = Convert.FromBase64String(key);

        _isUnreadable = true;
        LogUnreadable(logger);
        return null;
    }

    /// <summary>The hashes of a lead's e-mail address, and of its phone number and name; each null where it gave none.</summary>
    internal static (long? Email, long? Person) Prints(byte[] key, NewLead lead) =>
        (Print(key, lead.SiteId, "email", lead.Contact.Email), Print(key, lead.SiteId, "person", lead.Contact.PhoneAndName));

    private static long? Print(byte[] key, Guid siteId, string kind, string? text) =>
        text is null ? null
            : BinaryPrimitives.ReadInt64BigEndian(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{siteId:N} {kind} {text}")));

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Duplicates are not recognized: the key of their hashes can't be decrypted with the keys of this host. "
            + "If those are lost, delete the row of lead_print_key and start the workers again")]
    private static partial void LogUnreadable(ILogger logger);
}
