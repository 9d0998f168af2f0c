using System.Data;
using Dapper;

namespace Router.Core.Sites;

/// <summary><c>sites.limits</c>, read as text.</summary>
internal sealed class OwnLimitsColumn : SqlMapper.TypeHandler<OwnLimits>
{
    public override OwnLimits? Parse(object value) => OwnLimits.Parse((string)value);

    public override void SetValue(IDbDataParameter parameter, OwnLimits? value) => parameter.Value = value?.ToJson();
}
