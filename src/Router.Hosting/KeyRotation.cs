using System.Security.Cryptography;
using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Router.Hosting;

/// <summary>
/// Changes the keys that encrypt what is stored: a new one is made, everything is encrypted with it, and the older ones are stored anew,
/// for the present certificate alone. After that the certificate before it opens nothing any more. Hosts may run meanwhile
/// (<see cref="LaterKeys"/>). It can be broken off and begun again.
/// </summary>
internal sealed class KeyRotation(
    NpgsqlDataSource database, LaterKeys ring, IKeyManager keys, IOptions<KeyManagementOptions> management, IServiceProvider services,
    TimeProvider time)
{
    private static readonly XNamespace Space = "http://schemas.asp.net/2015/03/dataProtection";

    /// <summary>Returns how many values nobody can read; they stay as they are.</summary>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two values.</param>
    public async Task<int> Run(TextWriter progress, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        keys.CreateNewKey(now, now.AddDays(90));
        // Read anew: Data Protection goes on with the ring that it has while it reads the next one, and would encrypt with the old key.
        var protector = ring.Read().CreateProtector(KeyRing.Purpose);
        var unreadable = 0;
        foreach (var column in EncryptedColumn.All)
            unreadable += await Reencrypt(column, protector, progress, cancellationToken);

        var wrapped = await Rewrap(cancellationToken);
        await progress.WriteLineAsync($"{wrapped} older keys are stored anew, for the present certificate alone.");
        return unreadable;
    }

    private async Task<int> Reencrypt(
        EncryptedColumn column, IDataProtector protector, TextWriter progress, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var values = (await connection.QueryAsync<string>(
            new CommandDefinition(column.Select, cancellationToken: cancellationToken))).AsList();
        var (done, unreadable) = (0, 0);
        foreach (var value in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryUnprotect(protector, value) is not { } plain)
                unreadable++;
            else
                await Replace(connection, column, value, protector.Protect(plain), cancellationToken);
            if (++done % 1_000 == 0)
                await progress.WriteLineAsync($"{column.Name}: {done} of {values.Count}");
        }

        await progress.WriteLineAsync(
            $"{column.Name}: {values.Count - unreadable} encrypted anew{(unreadable == 0 ? "" : $", {unreadable} that nobody can read")}");
        return unreadable;
    }

    /// <summary>Nobody's change: it isn't told as one, and no destination has to prove itself again.</summary>
    private static async Task Replace(
        NpgsqlConnection connection, EncryptedColumn column, string old, string @new, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("set local router.reencrypts = 'on'", transaction: transaction);
        // Where somebody has just set another value, that one stays.
        await connection.ExecuteAsync(column.Update, new { old, @new }, transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string? TryUnprotect(IDataProtector protector, string value)
    {
        try
        {
            return protector.Unprotect(value);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private async Task<int> Rewrap(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var stored = await connection.QueryAsync<(string Name, string Xml)>("select name, xml from data_protection_keys");
        var count = 0;
        foreach (var (name, xml) in stored)
        {
            var key = XElement.Parse(xml);
            // Revocations hold no key.
            if (Secret(key) is not var (element, secret) || management.Value.XmlEncryptor is not { } encryptor)
                continue;

            var wrapped = encryptor.Encrypt(secret);
            element.ReplaceWith(new XElement(Space + "encryptedSecret",
                new XAttribute("decryptorType", wrapped.DecryptorType.AssemblyQualifiedName!), wrapped.EncryptedElement));
            await connection.ExecuteAsync("update data_protection_keys set xml = @xml where name = @name",
                new { name, xml = key.ToString(SaveOptions.DisableFormatting) });
            count++;
        }

        return count;
    }

    /// <summary>Where a key keeps its secret, and the secret.</summary>
    private (XElement Element, XElement Secret)? Secret(XElement key)
    {
        if (key.Descendants(Space + "encryptedSecret").FirstOrDefault() is { } encrypted)
        {
            var decryptor = (IXmlDecryptor)Activator.CreateInstance(
                Type.GetType((string)encrypted.Attribute("decryptorType")!, throwOnError: true)!, services)!;
            return (encrypted, decryptor.Decrypt(new XElement(encrypted.Elements().Single())));
        }

        return key.Descendants().FirstOrDefault(element => element.Attribute(Space + "requiresEncryption") is not null) is { } plain
            ? (plain, plain) : null;
    }
}

/// <summary>A column whose values are encrypted with the key ring.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Column">Its name.</param>
internal sealed record EncryptedColumn(string Table, string Column)
{
    /// <summary>All of them. Destinations first: those of an integration then take its value.</summary>
    public static readonly EncryptedColumn[] All =
    [
        new("destinations", "secret"), new("destinations", "previous_secret"), new("destinations", "header_values"),
        new("destinations", "oauth_client_secret"), new("destinations", "client_certificate"),
        new("integrations", "secret"), new("integrations", "previous_secret"), new("integrations", "header_values"),
        new("lead_print_key", "key"), new("authenticator_apps", "secret"),
    ];

    public string Name => $"{Table}.{Column}";

    public string Select => $"select distinct {Column} from {Table} where {Column} is not null";

    public string Update => $"update {Table} set {Column} = @new where {Column} = @old";
}
