using Microsoft.Extensions.Diagnostics.HealthChecks;
using Router.Api;
using Router.Api.Authentication;
using Router.Api.Incoming;
using Router.Api.Management;
using Router.Core;
using Router.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddConsoleLog();
builder.BindToLoopbackByDefault(port: 8080);
builder.Services.AddRouterCore(builder.Configuration);
builder.Services.AddBroker(builder.Configuration);
builder.Services.AddHealth(withoutDatabase: HealthStatus.Degraded);
builder.Services.AddRouterAuthentication(builder.Configuration);
builder.Services.AddIncoming(builder.Configuration);
builder.Services.AddManagement();
builder.Services.AddErrors();

var app = builder.Build();
app.UseErrors();
app.UseAuthentication();
app.UseAuthorization();
app.UseRateLimiter();
app.MapHealth();
app.MapIncoming();
app.MapManagement();
await app.RunAsync();
