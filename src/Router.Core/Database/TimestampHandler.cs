using System.Data;
using Dapper;

namespace Router.Core.Database;

/// <summary>Lets Dapper read <c>timestamptz</c>, which Npgsql hands out as a UTC DateTime, as DateTimeOffset.</summary>
internal sealed class TimestampHandler : SqlMapper.TypeHandler<DateTimeOffset>
{
    public override DateTimeOffset Parse(object value) => new((DateTime)value);

    public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.UtcDateTime;
}
