using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>No setting that makes no sense is taken: each is checked, and at the start.</summary>
public sealed class OptionsTests
{
    /// <summary>Free texts: a file, its password, and one that is fine when it is empty.</summary>
    private static readonly string[] Free = [
        "CertificatePath", "CertificatePassword", "PreviousCertificatePath", "PreviousCertificatePassword"];

    [Theory]
    [InlineData("Router.Core")]
    [InlineData("Router.Hosting")]
    public void Options_EachOutOfRange_AreRefusedByName(string assembly)
    {
        var unchecked_ = new List<string>();
        var classes = Classes(Repository.Host("Router.Api"), assembly);
        Assert.NotEmpty(classes);
        foreach (var type in classes)
        {
            foreach (var property in type.GetProperties()
                .Where(property => property.SetMethod is { IsPublic: true } && !Free.Contains(property.Name, StringComparer.Ordinal)))
            {
                foreach (var value in OutOfRange(property))
                {
                    var options = Activator.CreateInstance(type)!;
                    property.SetValue(options, value);
                    var wrong = new List<ValidationResult>();
                    Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true);
                    // Class-level rules are looked at only once each property is fine by itself.
                    if (options is IValidatableObject more
                        && !wrong.Any(one => one.MemberNames.Contains(property.Name, StringComparer.Ordinal)))
                        wrong.AddRange(more.Validate(new ValidationContext(options)));
                    if (!wrong.Any(one => one.MemberNames.Contains(property.Name, StringComparer.Ordinal)))
                        unchecked_.Add($"{type.Name}.{property.Name} = {(value is Array list ? list.GetValue(0) : value)}");
                }
            }
        }

        Assert.True(unchecked_.Count == 0, string.Join('\n', unchecked_));
    }

    [Theory]
    [InlineData("Router.Api", "Http:SignInsPerMinute=0", "SignInsPerMinute")]
    [InlineData("Router.Api", "Http:TrustedProxies=10/8, here", "here")]
    [InlineData("Router.Api", "Log:Format=xml", "Log:Format")]
    [InlineData("Router.Api", "OpenIdConnect:Authority=http://login.test", "Authority")]
    [InlineData("Router.Api", "OpenIdConnect:Authority=https://login.test", "ClientId")]
    [InlineData("Router.Api", "OpenIdConnect:PasswordSignIn=off", "nobody could sign in")]
    [InlineData("Router.Api", "Incoming:Burst=0", "Burst")]
    [InlineData("Router.Api", "Outbox:CommitTimeout=00:00:00", "CommitTimeout")]
    [InlineData("Router.Api", "Admin:Password=short", "Password")]
    [InlineData("Router.Api", "SecondFactor:RequiredFor=Some", "SecondFactor:RequiredFor")]
    [InlineData("Router.Api", "Database:MaxPoolSize=0", "MaxPoolSize")]
    [InlineData("Router.Worker", "Database:OwnerConnectionString=postgres://me:hidden@here:port/none", "Database:OwnerConnectionString")]
    [InlineData("Router.Api", "Secrets:WithoutCertificate=false", "Secrets:CertificatePath is not set")]
    [InlineData("Router.Worker", "Secrets:WithoutCertificate=false", "Make a certificate (docs/operators.md")]
    [InlineData("Router.Api", "Database:ConnectionString=postgres://nobody@here:port/none", "Database:ConnectionString")]
    [InlineData("Router.Api", "Settings:Directory=/there/is/none", "Settings:Directory")]
    [InlineData("Router.Worker", "Settings:Directory=/there/is/none", "Settings:Directory")]
    [InlineData("Router.Worker", "Delivery:Lease=00:00:00", "Lease")]
    [InlineData("Router.Worker", "Retention:DaysAhead=0", "DaysAhead")]
    [InlineData("Router.Worker", "Telemetry:PrometheusPort=99999", "PrometheusPort")]
    [InlineData("Router.Api", "Telemetry:PrometheusAddress=everywhere", "Telemetry:PrometheusAddress")]
    [InlineData("Router.Worker", "Network:Ports=0", "Ports")]
    [InlineData("Router.Worker", "Network:AllowSites=everywhere", "'everywhere' is no site's id")]
    [InlineData("Router.Api", "Network:OutgoingAddresses=203.0.113.7, 10/8", "'10/8' is no address")]
    [InlineData("Router.Api", "Proxy:Url=http://me:hidden@proxy.test:3128", "Proxy:Username")]
    [InlineData("Router.Worker", "Proxy:Hosts=crm.test", "Proxy:Url must be set")]
    [InlineData("Router.Worker", "RabbitMq:Uri=http://here", "RabbitMq:Uri")]
    [InlineData("Router.Worker", "RabbitMq:Uri=amqp://me:hidden@mq1:5672,mq2:port/leads", "RabbitMq:Uri")]
    [InlineData("Router.Api", "RabbitMq:ManagementUri=http://mq1:15672,:1", "RabbitMq:ManagementUri")]
    [InlineData("Router.Worker", "Delivery:RetrySchedule=soon", "RetrySchedule")]
    [InlineData("Router.Worker", "Delivery:MaxInFlight=many", "Delivery:MaxInFlight")]
    public async Task Host_WithASettingOutOfRange_DoesNotStart(string host, string setting, string word)
    {
        var pair = setting.Split('=', 2);
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => Start(host, pair[0], pair[1]));
        Assert.Contains(word, ended.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", ended.Message, StringComparison.Ordinal);
    }

    /// <summary>The options classes of an assembly that lies beside a host.</summary>
    public static List<Type> Classes(string host, string assembly) =>
        [.. Assembly.LoadFrom(Path.Combine(Path.GetDirectoryName(host)!, $"{assembly}.dll")).GetTypes()
            .Where(type => type.IsClass && type.Name.EndsWith("Options", StringComparison.Ordinal)
                && type.Namespace?.StartsWith("Router", StringComparison.Ordinal) is true)];

    private static async Task Start(string host, string key, string value)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Database:ConnectionString"] = "postgres://nobody@127.0.0.1:1/none", ["RabbitMq:Uri"] = "amqp://nobody@127.0.0.1:1/",
            ["Admin:Token"] = RouterFixture.AdminToken, ["Secrets:WithoutCertificate"] = "true",
        };
        all[key] = value;
        await using var process = HostWithin.Start(host, all);
        await process.Ready();
    }

    /// <summary>Values that no setting of that type can mean; one just below its own range where it has one.</summary>
    private static IEnumerable<object?> OutOfRange(PropertyInfo property)
    {
        var range = property.GetCustomAttribute<RangeAttribute>();
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(int))
        {
            object[] values = [-1, int.MaxValue];
            foreach (var value in range is null ? values
                : [.. values, Convert.ToInt32(range.Minimum, CultureInfo.InvariantCulture) - 1,
                Convert.ToInt32(range.Maximum, CultureInfo.InvariantCulture) + 1])
                yield return value;
        }
        else if (type == typeof(double))
        {
            yield return -0.1;
            yield return 1e9;
        }
        else if (type == typeof(TimeSpan))
        {
            yield return TimeSpan.FromSeconds(-1);
            yield return TimeSpan.Zero;
            yield return TimeSpan.FromDays(100_000);
        }
        else if (type == typeof(TimeSpan[]))
        {
            yield return new[] { TimeSpan.Zero };
            yield return new[] { TimeSpan.FromDays(100_000) };
        }
        else if (type == typeof(string))
        {
            // No address, host, list of them, format, user agent or password holds it.
            yield return "\u0001";
        }
        else if (type == typeof(Uri))
        {
            yield return new Uri("ftp://host.test/");
        }
        else if (type.IsEnum)
        {
            yield return Enum.ToObject(type, 99);
        }
        else if (type == typeof(bool))
        {
            yield break;
        }
        else
        {
            Assert.Fail($"What is out of range for {property.DeclaringType!.Name}.{property.Name}, a {type.Name}?");
        }
    }
}
