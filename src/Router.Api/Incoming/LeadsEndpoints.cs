using System.Text.Json;
using Router.Core.Leads;
using Router.Core.Leads.Validation;

namespace Router.Api.Incoming;

/// <summary>New leads, changes of leads, and activities.</summary>
internal static class LeadsEndpoints
{
    private const string PotentialSeller = "Potential Seller";

    public static void MapLeads(this RouteGroupBuilder v1)
    {
        v1.MapPost("/leads", (HttpContext context, Guid site, LeadIntake intake) => intake.Take(context, new LeadRequest(site, LeadActions.Created)
        {
            Validate = LeadValidator.NewLead,
            Shape = (body, now) => LeadShape.Lead(body.Raw, body.Root, now),
            LeadId = body => LeadShape.IdOf(body.Root),
            MayChooseDestinations = true,
        })).WithName("createLead");

        v1.MapPost("/potential-seller-leads", (HttpContext context, Guid site, LeadIntake intake) => intake.Take(context, new LeadRequest(site, LeadActions.Created)
        {
            Validate = LeadValidator.PotentialSeller,
            Shape = (body, now) => LeadShape.Lead(body.Raw, body.Root, now, role: PotentialSeller),
            LeadId = body => LeadShape.IdOf(body.Root),
        })).WithName("createPotentialSellerLead");

        v1.MapPatch("/leads/{lead:uuid}", (HttpContext context, Guid site, string lead, LeadIntake intake) => intake.Take(context, new LeadRequest(site, LeadActions.Updated)
        {
            Validate = LeadValidator.ChangedLead,
            // Version 1 has no way to unset a field: what is empty was left out by the sender's form.
            Shape = (body, now) => LeadShape.Lead(body.Raw, body.Root, now, dropEmpty: true),
            LeadId = _ => lead,
        })).WithName("updateLead");

        v1.MapPost("/leads/{lead:uuid}/activities", (HttpContext context, Guid site, string lead, LeadIntake intake) => intake.Take(context, new LeadRequest(site, LeadActions.ActivityAdded)
        {
            Expected = JsonValueKind.Array,
            Validate = LeadValidator.Activities,
            Shape = (body, now) => LeadShape.Added(body.Raw, body.Root, now),
            LeadId = _ => lead,
        })).WithName("addActivities");
    }

    public static void MapLeadsV2(this RouteGroupBuilder v2) =>
        v2.MapPatch("/leads/{lead:uuid}", (HttpContext context, Guid site, string lead, LeadIntake intake) => intake.Take(context, new LeadRequest(site, LeadActions.Updated)
        {
            Validate = LeadValidator.ChangedLead,
            Shape = (body, now) => LeadShape.Lead(body.Raw, body.Root, now),
            LeadId = _ => lead,
        })).WithName("updateLeadV2");
}
