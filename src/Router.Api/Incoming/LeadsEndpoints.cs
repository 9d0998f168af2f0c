using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>New leads, changes of leads, and activities.</summary>
internal static class LeadsEndpoints
{
    public static void MapLeads(this RouteGroupBuilder v1)
    {
        v1.MapPost("/leads", (HttpContext context, Guid site, LeadIntake intake) => intake.Take(context, LeadOperation.Create, site))
            .WithName(LeadOperation.Create.Name).WithSummary("A new lead").WithMetadata(new IncomingDescription("Lead", 201, """
            {"source": "Website Property Search", "first_name": "Jack", "last_name": "Johnson", "email": "jack@mail.test", "role": "Buyer",
             "activities": [{"type": "property_viewed", "source": "Website",
              "property": {"beds": 3, "full_baths": 2, "list_price": "450000.00", "city": "Honolulu"}}]}
            """));

        v1.MapPost("/potential-seller-leads", (HttpContext context, Guid site, LeadIntake intake) =>
            intake.Take(context, LeadOperation.CreatePotentialSeller, site))
            .WithName(LeadOperation.CreatePotentialSeller.Name).WithSummary("Somebody who looked at a valuation and left no name")
            .WithMetadata(new IncomingDescription("PotentialSellerLead", 201, """
            {"activities": [{"type": "property_viewed", "source": "Valuation page",
             "property": {"address": "1 Ala Moana Blvd, Honolulu, HI"}}]}
            """));

        v1.MapPatch("/leads/{lead:uuid}", (HttpContext context, Guid site, string lead, LeadIntake intake) =>
            intake.Take(context, LeadOperation.Update, site, lead))
            .WithName(LeadOperation.Update.Name).WithSummary("Change some fields of a lead; empty strings are left out")
            .WithMetadata(new IncomingDescription("ChangedLead", 200, """{"phone": "808-817-2382", "status": "Active"}"""));

        v1.MapPost("/leads/{lead:uuid}/activities", (HttpContext context, Guid site, string lead, LeadIntake intake) =>
            intake.Take(context, LeadOperation.AddActivities, site, lead))
            .WithName(LeadOperation.AddActivities.Name).WithSummary("Add activities to a lead")
            .WithMetadata(new IncomingDescription("Activity", 200, """
            [{"type": "tour_requested", "source": "Website", "description": "Saturday at ten"}]
            """, IsList: true));
    }

    public static void MapLeadsV2(this RouteGroupBuilder v2) =>
        v2.MapPatch("/leads/{lead:uuid}", (HttpContext context, Guid site, string lead, LeadIntake intake) =>
            intake.Take(context, LeadOperation.UpdateV2, site, lead))
            .WithName(LeadOperation.UpdateV2.Name).WithSummary("Change some fields of a lead; empty strings unset a field")
            .WithMetadata(new IncomingDescription("ChangedLead", 200, """{"phone": ""}"""));
}
