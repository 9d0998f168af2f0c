using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Core.Alerts;
using Router.Core.Deliveries;
using Router.Core.Duties;
using Router.Core.Intake;
using Router.Core.Mail;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Pages.Operator;

/// <summary>What needs attention, over all sites. Reloads itself: somebody watches it at night.</summary>
internal sealed class IndexModel(
    TroubledDestinations troubled, IntakeByHour intake, LeadOutbox outbox, SetAsideMessages setAside, RefusedCounts refused,
    BrokerWatch watch, DutyReports duties, Attention attention, DueAlerts alerts, OutgoingMail mail, Parts parts,
    SiteUse use) : PageModel
{
    /// <summary>As many of each kind are shown here; the pages of their own have all.</summary>
    public const int Shown = 10;

    /// <summary>Of what only workers find there is no other page.</summary>
    public const int MostFound = 200;

    /// <summary>Destinations that fail, are paused or have deliveries on hold.</summary>
    public IReadOnlyList<TroubledDestination> Failing { get; private set; } = [];

    /// <summary>Destinations that are on and have dead letters. Those of one that is off can't be sent again.</summary>
    public IReadOnlyList<TroubledDestination> WithDead { get; private set; } = [];

    /// <summary>By hour of the last 24, the present one last.</summary>
    public IReadOnlyList<int> IntakeByHour { get; private set; } = [];

    /// <summary>What came within the last hour.</summary>
    public MessageCounts LastHour { get; private set; } = MessageCounts.None;

    /// <summary>What products sent within 24 hours and was refused.</summary>
    public (long Requests, int Products) Refused { get; private set; }

    /// <summary>Accepted messages that RabbitMQ hasn't got yet.</summary>
    public WaitingInOutbox Outbox { get; private set; } = new(0, null);

    /// <summary>Messages that wait for an operator.</summary>
    public IReadOnlyList<SetAsideCount> SetAside { get; private set; } = [];

    /// <summary>What is wrong with RabbitMQ.</summary>
    public IReadOnlyList<BrokerFinding> Broker { get; private set; } = [];

    /// <summary>What each host last said of the things that it has to do again and again.</summary>
    public IReadOnlyList<DutyReport> Duties { get; private set; } = [];

    /// <summary>
    /// What workers found: sites without leads, destinations that refuse everything or were switched off, products refused.
    /// </summary>
    public IReadOnlyList<AttentionItem> Found { get; private set; } = [];

    /// <summary>Alerts that could not be sent so far; null when there are none.</summary>
    public (int Count, string Error)? AlertsStuck { get; private set; }

    public bool CanMail => mail.IsSet;

    /// <summary>Sites that have most of what they may have.</summary>
    public IReadOnlyList<SiteNearLimit> NearLimits { get; private set; } = [];

    /// <summary>What each part of the router says about itself.</summary>
    public IReadOnlyList<Part> Parts { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        var reading = troubled.List(sites: null, FailingModel.Most, cancellationToken);
        Broker = watch.Findings;
        SetAside = await setAside.Counts(cancellationToken);
        Outbox = await outbox.Waiting(cancellationToken);
        Duties = await duties.List(cancellationToken);
        Parts = await parts.List(Duties, Outbox, SetAside, cancellationToken);
        IntakeByHour = await intake.ByHour(cancellationToken);
        Found = await attention.FoundAnywhere(MostFound, cancellationToken);
        AlertsStuck = await alerts.Stuck(cancellationToken);
        Refused = await refused.LastDay(cancellationToken);
        NearLimits = await use.NearLimits(cancellationToken);
        LastHour = await intake.LastHour(cancellationToken);
        var rows = await reading;
        Failing = rows.FindAll(row => !row.IsWell);
        WithDead = rows.FindAll(row => row.Active && row.Dead > 0).OrderByDescending(row => row.Dead).ToList();
    }
}
