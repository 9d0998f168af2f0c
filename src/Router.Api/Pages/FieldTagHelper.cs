using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Router.Api.Pages;

/// <summary>
/// <c>&lt;field name="url" label="URL" help="…"&gt;</c>: a labelled input with its help in plain words and its error beside it, tied
/// together for screen readers. Keeps what was typed; never a password or secret.
/// </summary>
[HtmlTargetElement("field", TagStructure = TagStructure.WithoutEndTag)]
public sealed class FieldTagHelper : TagHelper
{
    /// <summary>The form's field.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it is called.</summary>
    public string Label { get; set; } = "";

    /// <summary>What to enter, and why.</summary>
    public string? Help { get; set; }

    /// <summary>The value to begin with.</summary>
    public string? Value { get; set; }

    /// <summary>The input's type.</summary>
    public string Type { get; set; } = "text";

    /// <summary>For browsers' password stores: <c>username</c>, <c>new-password</c> …</summary>
    public string Autocomplete { get; set; } = "off";

    /// <summary>Whether the form can't be sent without it.</summary>
    public bool Required { get; set; }

    /// <summary>What the browser offers while somebody types; anything else may be entered too.</summary>
    public IReadOnlyList<string> Suggestions { get; set; } = [];

    /// <summary>A text of some lines.</summary>
    public bool Multiline { get; set; }

    /// <summary>The page's state: errors and what was typed.</summary>
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        var id = Name.Replace('.', '_');
        ViewContext.ModelState.TryGetValue(Name, out var entry);
        var error = entry?.Errors.FirstOrDefault()?.ErrorMessage;
        var describedBy = string.Join(
            ' ', new[] { Help is null ? null : $"{id}-help", error is null ? null : $"{id}-error" }.OfType<string>());

        output.TagName = "div";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "field");
        output.Content.AppendHtml(Tag("label", Label, ("for", id)));
        if (Help is not null)
            output.Content.AppendHtml(Tag("p", Help, ("class", "help"), ("id", $"{id}-help")));

        var input = new TagBuilder(
            Multiline ? "textarea" : "input") { TagRenderMode = Multiline ? TagRenderMode.Normal : TagRenderMode.SelfClosing };
        input.MergeAttribute("id", id);
        input.MergeAttribute("name", Name);
        // Some browsers take "off" for the list too.
        if (Suggestions.Count > 0)
            input.MergeAttribute("list", $"{id}-list");
        else
            input.MergeAttribute("autocomplete", Autocomplete);
        if (Required)
            input.MergeAttribute("required", "required");
        if (describedBy.Length > 0)
            input.MergeAttribute("aria-describedby", describedBy);
        if (error is not null)
            input.MergeAttribute("aria-invalid", "true");
        var typed = Type == "password" ? null : entry?.AttemptedValue ?? Value;
        if (Multiline)
        {
            input.MergeAttribute("rows", "3");
            input.InnerHtml.Append(typed ?? "");
        }
        else
        {
            input.MergeAttribute("type", Type);
            input.MergeAttribute("value", typed);
        }

        output.Content.AppendHtml(input);
        if (Suggestions.Count > 0)
        {
            var list = Tag("datalist", "", ("id", $"{id}-list"));
            foreach (var suggestion in Suggestions)
                list.InnerHtml.AppendHtml(Tag("option", "", ("value", suggestion)));
            output.Content.AppendHtml(list);
        }

        if (error is not null)
            output.Content.AppendHtml(Tag("p", error, ("class", "error"), ("id", $"{id}-error")));
    }

    private static TagBuilder Tag(string name, string text, params (string Name, string Value)[] attributes)
    {
        var tag = new TagBuilder(name);
        foreach (var (attribute, value) in attributes)
            tag.MergeAttribute(attribute, value);
        tag.InnerHtml.Append(text);
        return tag;
    }
}
