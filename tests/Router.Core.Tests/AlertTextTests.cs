using Router.Core.Alerts;

namespace Router.Core.Tests;

public sealed class AlertTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly Uri Pages = new("https://leads.router.test");
    private static readonly AlertReader Reader = new(Guid.Empty, "kim@harbor.test", "Europe/Berlin", null, null, Guid.Empty);

    [Fact]
    public void Mail_OfOneTrouble_SaysWhatSinceWhenWhyAndWhatToDo()
    {
        var mail = AlertText.Mail(Reader, [Alert(TroubleKind.Failing, detail: "answered 401")], Pages, Now);
        Assert.Equal("Leads are not reaching Blue Door CRM (Harbor Homes)", mail.Subject);
        Assert.Equal(
            """
            Leads are not reaching Blue Door CRM (Harbor Homes).
            Since 26 November, 10:12: answered 401.
            14 deliveries wait and are tried again. Nothing is lost. The page shows each answer and what to do about it.
            https://leads.router.test/sites/00000000-0000-0000-0000-000000000001/destinations/00000000-0000-0000-0000-000000000002

            --
            Times are in Europe/Berlin. Which alerts you get, and when: https://leads.router.test/account#alerts
            No more of these mails: https://leads.router.test/unsubscribe/00000000-0000-0000-0000-000000000000

            """, mail.Text);
        Assert.Equal("https://leads.router.test/unsubscribe/00000000-0000-0000-0000-000000000000", mail.Unsubscribe!.AbsoluteUri);
    }

    [Fact]
    public void Advice_WhereNothingWaits_DoesNotSayThatSomethingDoes()
    {
        var alert = Alert(TroubleKind.Failing);
        Assert.Equal(
            "Nothing waits for it just now. Look.", TroubleWords.WhatToDo(alert.Trouble with { Count = 0 }, "Look."));
    }

    [Fact]
    public void Mail_OfMany_CountsThem()
    {
        var over = Alert(TroubleKind.OnHold) with { IsCleared = true };
        Assert.Equal("2 things need attention", Subject(Alert(TroubleKind.Failing), Alert(TroubleKind.GivenUp)));
        Assert.Equal("1 thing needs attention, 1 is resolved", Subject(Alert(TroubleKind.Failing), over));
        Assert.Equal("2 problems are resolved", Subject(over, over with { Trouble = over.Trouble with { Id = Guid.NewGuid() } }));
        Assert.Equal("Blue Door CRM is accepting leads again (Harbor Homes)", Subject(over));
    }

    [Fact]
    public void Mail_OfWhatBeganAndEndedMeanwhile_SaysThatItIsOver()
    {
        var raised = Alert(TroubleKind.Failing);
        Assert.Equal("Blue Door CRM is accepting leads again (Harbor Homes)", Subject(raised, raised with { IsCleared = true }));
    }

    [Fact]
    public void Mail_OfHundreds_ListsFiftyAndLinksToTheRest()
    {
        var mail = AlertText.Mail(Reader, [.. Enumerable.Range(0, 300).Select(_ => Alert(TroubleKind.Failing))], Pages, Now);
        Assert.Equal("300 things need attention", mail.Subject);
        Assert.Equal(50, mail.Text.Split("Leads are not reaching").Length - 1);
        Assert.Contains("And 250 more: https://leads.router.test/", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TLS version too old", "TLS version too old.")]
    [InlineData("It answers 406.", "it answers 406.")]
    [InlineData("no answer in time", "no answer in time.")]
    public void Detail_FollowsTheColon(string detail, string expected) =>
        Assert.Equal(
            $"Since 26 November, 09:12: {expected}",
            AlertText.Lines(Alert(TroubleKind.Failing, detail), TimeZoneInfo.Utc).First());

    [Fact]
    public void EachKind_HasWordsForBoth()
    {
        foreach (var kind in Enum.GetValues<TroubleKind>())
        {
            Assert.NotEmpty(AlertText.Headline(Alert(kind), Now));
            Assert.NotEmpty(AlertText.Headline(Alert(kind) with { IsCleared = true }, Now));
            Assert.Equal(2, AlertText.Lines(Alert(kind), TimeZoneInfo.Utc).Count());
            Assert.Equal(kind, TroubleKinds.Parse(kind.Text()));
        }
    }

    [Theory]
    [InlineData(-1, "The client certificate for Blue Door CRM expires in 29 days (Harbor Homes)")]
    [InlineData(-29, "The client certificate for Blue Door CRM expires in 24 hours (Harbor Homes)")]
    [InlineData(-30, "The client certificate for Blue Door CRM has expired (Harbor Homes)")]
    public void Certificate_ThatExpires_SaysInHowManyDays(int since, string headline)
    {
        var alert = Alert(TroubleKind.CertificateExpiring);
        Assert.Equal(headline, AlertText.Headline(alert with { Trouble = alert.Trouble with { Since = Now.AddDays(since) } }, Now));
    }

    private static string Subject(params Alert[] alerts) => AlertText.Mail(Reader, alerts, Pages, Now).Subject;

    private static Alert Alert(TroubleKind kind, string detail = "") => new(Guid.NewGuid(), IsCleared: false, Attempts: 1, new Trouble(
        Guid.NewGuid(), kind, new Guid("00000000-0000-0000-0000-000000000001"), "Harbor Homes",
        new Guid("00000000-0000-0000-0000-000000000002"), "Blue Door CRM", Product: null, Now.AddMinutes(-168), EndedAt: Now, 14, detail));
}
