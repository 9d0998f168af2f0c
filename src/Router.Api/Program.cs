using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Api;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Errors;
using Router.Api.Incoming;
using Router.Api.Management;
using Router.Api.OpenApi;
using Router.Api.Pages;
using Router.Core;
using Router.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddSettingFiles();
builder.AddConsoleLog();
builder.BindToLoopbackByDefault(port: 8080);
if (args is ["health"])
{
    await builder.AskForHealth();
    return;
}

builder.Services.AddConnectionLimits(builder.Configuration);
builder.Services.AddLedger(builder.Configuration);
builder.Services.AddIntake(builder.Configuration);
builder.Services.AddOperations();
builder.Services.AddReports();
builder.Services.AddKeyRing(builder.Configuration);
builder.Services.AddHealth(withoutDatabase: HealthStatus.Degraded);
builder.AddTelemetry(service: "lead-router-api");
builder.Services.AddRouterAuthentication(builder.Configuration);
builder.Services.AddIncoming(builder.Configuration);
builder.Services.AddConfigurationChanges();
builder.Services.AddAccounts();
builder.Services.AddManagement();
builder.Services.AddPages();
builder.Services.AddOpenApiDescription();
builder.Services.AddErrors();
builder.Services.AddUuidRoutes();

var app = builder.Build();
app.UsePrometheusPort();
app.UseIncomingPaths();
app.UsePageSecurity();
app.UseErrors();
app.UseRouting();
app.UseAuthentication();
app.UseAuthorization();
app.UseRateLimiter();
app.MapHealth();
app.MapOpenApiDescription();
app.MapIncoming();
app.MapManagement();
app.MapPages();
await app.RunAsync();
