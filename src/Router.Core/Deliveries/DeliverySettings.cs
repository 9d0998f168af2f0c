using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Router.Core.Deliveries;

/// <summary>
/// The section <c>Delivery</c>: a class for each concern, so that whoever reads one sees no more than its own. The API reads a few settings
/// (it shows a request with the <c>User-Agent</c> that workers send), and checks all of them at its start, as the worker does.
/// </summary>
internal static class DeliverySettings
{
    public static void AddDeliverySettings(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Delivery");
        Bind<DeliveryOptions>().Configure(options => ReadSchedule(options, section["RetrySchedule"]));
        Bind<LaneOptions>();
        Bind<RetryQueueOptions>();
        Bind<IsolationOptions>();
        Bind<PauseOptions>();
        Bind<ReplayOptions>();

        OptionsBuilder<T> Bind<T>()
            where T : class =>
            services.AddOptions<T>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
    }

    /// <summary>The schedule as one text, which an environment variable holds more easily than a list.</summary>
    private static void ReadSchedule(DeliveryOptions options, string? text)
    {
        if (text is null)
            return;

        options.RetrySchedule = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Delay)];
    }

    private static TimeSpan Delay(string text) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var delay) ? delay
        : throw new OptionsValidationException(
            "Delivery", typeof(DeliveryOptions), [$"Delivery:RetrySchedule: '{text}' is no time such as 00:00:30."]);
}
