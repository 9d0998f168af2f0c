using System.Data;
using Dapper;

namespace Router.Core.Database;

/// <summary>Types that Npgsql hands out in another guise than our records declare.</summary>
internal static class DapperTypes
{
    public static void Register()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new Timestamps());
        SqlMapper.AddTypeHandler(new TimesOfDay());
        SqlMapper.AddTypeHandler(new Arrays<string>());
        SqlMapper.AddTypeHandler(new Arrays<Guid>());
        SqlMapper.AddTypeHandler(new Arrays<int>());
    }

    /// <summary><c>timestamptz</c> comes as a UTC DateTime.</summary>
    private sealed class Timestamps : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => new((DateTime)value);

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.UtcDateTime;
    }

    /// <summary><c>time</c>, which Dapper doesn't know.</summary>
    private sealed class TimesOfDay : SqlMapper.TypeHandler<TimeOnly>
    {
        public override TimeOnly Parse(object value) => value is TimeSpan time ? TimeOnly.FromTimeSpan(time) : (TimeOnly)value;

        public override void SetValue(IDbDataParameter parameter, TimeOnly value) => parameter.Value = value;
    }

    /// <summary>An array comes as an Array, which a constructor's parameter isn't matched with.</summary>
    private sealed class Arrays<T> : SqlMapper.TypeHandler<T[]>
    {
        public override T[] Parse(object value) => (T[])value;

        public override void SetValue(IDbDataParameter parameter, T[]? value) => parameter.Value = value;
    }
}
