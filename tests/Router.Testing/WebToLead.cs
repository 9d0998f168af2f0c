using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Router.Testing;

/// <summary>
/// Salesforce's Web-to-Lead, stricter than the real one, which answers 200 whatever it makes of a form: 400 where the real one would make
/// no lead, or another than was meant.
/// </summary>
public static class WebToLead
{
    private static readonly Dictionary<string, int> Longest = new(StringComparer.Ordinal)
    {
        ["oid"] = 18, ["first_name"] = 40, ["last_name"] = 80, ["company"] = 255, ["email"] = 80, ["phone"] = 40, ["mobile"] = 40,
        ["street"] = 255, ["city"] = 40, ["state"] = 80, ["zip"] = 20, ["lead_source"] = 40, ["description"] = 32_000, ["retURL"] = 255,
    };

    /// <summary>The fields of a form.</summary>
    public static Dictionary<string, string> Fields(Received request) =>
        QueryHelpers.ParseQuery(Encoding.UTF8.GetString(request.Body)).ToDictionary(field => field.Key, field => field.Value.ToString());

    /// <summary>Answers a request.</summary>
    public static Task Answer(HttpContext context, Received request)
    {
        var fields = request.Headers["Content-Type"].Split(';')[0] == "application/x-www-form-urlencoded" ? Fields(request) : [];
        var isTaken = fields.GetValueOrDefault("oid") is { Length: 15 or 18 } oid && oid.StartsWith("00D", StringComparison.Ordinal)
            && fields.GetValueOrDefault("last_name") is { Length: > 0 } && fields.GetValueOrDefault("company") is { Length: > 0 }
            && fields.All(field => Longest.TryGetValue(field.Key, out var most) && field.Value.Length <= most);
        context.Response.StatusCode = isTaken ? 200 : 400;
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync("<html></html>");
    }
}
