using System.Data;
using System.Text.Json;
using Dapper;

namespace Router.Core.Mapping;

/// <summary><c>mapping</c> of destinations and integrations, read as text; null, too, where this version can't read it.</summary>
internal sealed class RequestMappingColumn : SqlMapper.TypeHandler<RequestMapping>
{
    public override RequestMapping? Parse(object value)
    {
        try
        {
            return RequestMapping.Parse((string)value);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override void SetValue(IDbDataParameter parameter, RequestMapping? value) => parameter.Value = value?.ToJson();
}

/// <summary><c>answer_rules</c> of destinations and integrations, read as text.</summary>
internal sealed class AnswerRulesColumn : SqlMapper.TypeHandler<AnswerRule[]>
{
    public override AnswerRule[]? Parse(object value) => AnswerRules.Parse((string)value) as AnswerRule[];

    public override void SetValue(IDbDataParameter parameter, AnswerRule[]? value) =>
        parameter.Value = value is null ? null : AnswerRules.ToJson(value);
}
