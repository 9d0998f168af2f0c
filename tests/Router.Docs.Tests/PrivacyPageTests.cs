using Router.Testing;

namespace Router.Docs.Tests;

/// <summary>docs/privacy.md says what the schema says of its columns.</summary>
public sealed class PrivacyPageTests
{
    /// <summary>With <c>APPROVE=1</c> in the environment it rewrites the generated part instead.</summary>
    [Fact]
    public void PrivacyPage_ComparedWithTheSchema_IsUpToDate()
    {
        var page = File.ReadAllText(PrivacyPage.Path);
        Assert.Contains(PrivacyPage.Begin, page, StringComparison.Ordinal);
        Assert.Contains(PrivacyPage.End, page, StringComparison.Ordinal);
        var wanted = PrivacyPage.With(page);
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
            File.WriteAllText(PrivacyPage.Path, wanted);
        else
            Assert.True(page == wanted, "docs/privacy.md is out of date: APPROVE=1 dotnet test tests/Router.Docs.Tests, "
                + $"and look at the difference. It should say:\n{wanted}");
    }

    [Fact]
    public void Words_OfColumns_AreThoseThatTheSchemaExplains()
    {
        var explained = KeptColumns.Kinds().Select(kind => kind.Word).ToList();
        Assert.True(explained.Count > 10, "hardly any word is explained");
        Assert.Equal(explained.Order(StringComparer.Ordinal), KeptColumns.All().Select(column => column.Word).Distinct()
            .Order(StringComparer.Ordinal));
    }
}
