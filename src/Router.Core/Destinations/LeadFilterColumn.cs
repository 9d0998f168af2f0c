using System.Data;
using Dapper;

namespace Router.Core.Destinations;

/// <summary><c>destinations.filter</c>, read as text.</summary>
internal sealed class LeadFilterColumn : SqlMapper.TypeHandler<LeadFilter>
{
    public override LeadFilter? Parse(object value) => LeadFilter.Parse((string)value);

    public override void SetValue(IDbDataParameter parameter, LeadFilter? value) => parameter.Value = value?.ToJson();
}
