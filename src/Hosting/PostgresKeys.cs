using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Router.Hosting;

/// <summary>The key ring as rows of <c>data_protection_keys</c>: every host reads the same one. Data Protection's interface isn't async.</summary>
internal sealed class PostgresKeys(NpgsqlDataSource database) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var connection = database.OpenConnection();
        return [.. connection.Query<string>("select xml from data_protection_keys order by created_at").Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var connection = database.OpenConnection();
        connection.Execute(
            "insert into data_protection_keys (name, xml) values (@friendlyName, @Xml) on conflict (name) do update set xml = excluded.xml",
            new { friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
    }
}
