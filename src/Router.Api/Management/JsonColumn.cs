using System.Data;
using System.Text.Json;
using Dapper;

namespace Router.Api.Management;

/// <summary>What a query puts together as JSON, read as text.</summary>
internal sealed class JsonColumn<T> : SqlMapper.TypeHandler<T>
{
    public override T? Parse(object value) => JsonSerializer.Deserialize<T>((string)value, JsonColumns.Options);

    public override void SetValue(IDbDataParameter parameter, T? value) => throw new NotSupportedException();
}

internal static class JsonColumns
{
    public static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>For Dapper, once.</summary>
    public static void Register()
    {
        SqlMapper.AddTypeHandler(new JsonColumn<Oauth>());
        SqlMapper.AddTypeHandler(new JsonColumn<ShownCertificate>());
    }
}
