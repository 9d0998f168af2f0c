using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Router.Hosting;

/// <summary>
/// The key ring as rows of <c>data_protection_keys</c>: every host reads the same one. Data Protection's interface isn't async.
/// </summary>
internal sealed class PostgresKeys(NpgsqlDataSource database, Func<IKeyManager> keys) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var connection = database.OpenConnection();
        return [.. connection.Query<string>("select xml from data_protection_keys order by created_at").Select(XElement.Parse)];
    }

    /// <exception cref="InvalidOperationException">It is a new key, and none of those that are there can be read.</exception>
    public void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        // Data Protection would make a key of its own then, which other hosts may not be able to read, and store it as it is, without a
        // certificate.
        if (element.Name == "key" && keys().GetAllKeys() is { Count: > 0 } known && !known.Any(IsReadable))
            throw new InvalidOperationException("No key is made beside those that this host can't read.");

        using var connection = database.OpenConnection();
        connection.Execute(
            "insert into data_protection_keys (name, xml) values (@friendlyName, @Xml) on conflict (name) do update set xml = excluded.xml",
            new { friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
    }

    private static bool IsReadable(IKey key)
    {
        try
        {
            return key.CreateEncryptor() is not null;
        }
#pragma warning disable CA1031 // Each way to encrypt a key has exceptions of its own.
        catch (Exception)
        {
            return false;
        }
#pragma warning restore CA1031
    }
}
