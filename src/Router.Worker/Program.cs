using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Core;
using Router.Hosting;
using Router.Worker;

var builder = WebApplication.CreateBuilder(args);
builder.AddSettingFiles();
builder.AddConsoleLog();
builder.BindToLoopbackByDefault(port: 8081);
if (await builder.RunCommand(args))
    return;

builder.Services.AddConnectionLimits(builder.Configuration);
builder.Services.AddLedger(builder.Configuration);
builder.Services.AddDelivery();
builder.Services.AddAlerts();
builder.Services.AddKeyRing(builder.Configuration);
builder.Services.AddLeadRouting();
builder.Services.AddProxyWatch(builder.Configuration);
builder.Services.AddBroker(builder.Configuration);
builder.Services.AddHealth(withoutDatabase: HealthStatus.Unhealthy);
builder.AddWorkerTelemetry();
builder.Services.AddDueDeliveries();

var app = builder.Build();
app.UsePrometheusPort();
app.MapHealth();
await app.RunAsync();
