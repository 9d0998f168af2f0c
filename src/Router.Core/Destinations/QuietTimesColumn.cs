using System.Data;
using Dapper;

namespace Router.Core.Destinations;

/// <summary><c>destinations.quiet_hours</c>, read as text.</summary>
internal sealed class QuietTimesColumn : SqlMapper.TypeHandler<QuietTimes>
{
    public override QuietTimes? Parse(object value) => QuietTimes.Parse((string)value);

    public override void SetValue(IDbDataParameter parameter, QuietTimes? value) => parameter.Value = value?.ToJson();
}
