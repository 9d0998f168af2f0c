using System.Text.Json.Nodes;

namespace Router.Cli.Showing;

/// <summary>What became of a delivery, in words.</summary>
/// <param name="Delivery">Which.</param>
/// <param name="What">What happened.</param>
/// <param name="ToDo">What to do about it; null for nothing.</param>
/// <param name="NeedsSomebody">Whether it doesn't come right by itself.</param>
internal sealed record Explanation(JsonObject Delivery, string What, string? ToDo, bool NeedsSomebody)
{
    /// <param name="delivery">With its attempts.</param>
    /// <param name="destination">As it is now; null when it is deleted.</param>
    public static Explanation Of(JsonObject delivery, JsonObject? destination)
    {
        var last = delivery["attempts"]!.AsArray().LastOrDefault()?.AsObject();
        var (what, toDo, needs) = delivery["state"]!.ToString() switch
        {
            "delivered" => (Delivered(delivery), last?["advice"]?.ToString(), false),
            "rejected" => ($"The receiver doesn't want it: {Answer(last)}. That is no failure, and it isn't sent again.", null, false),
            "retrying" => Retrying(delivery, last),
            "held" => Held(delivery, destination),
            "dead" => Dead(delivery, last, destination),
            "canceled" => Canceled(delivery, destination),
            var other => ($"It is {other}.", null, false),
        };
        if (needs && delivery["contents_deleted"]?.GetValue<bool>() is true)
            toDo = "The lead's contents are deleted (too old, or erased on request), so it can't be sent again.";
        if (delivery["is_test"]?.GetValue<bool>() is true)
            what += " It is a test.";
        return new Explanation(delivery, what, toDo, needs);
    }

    private static string Delivered(JsonObject delivery) =>
        $"The receiver took it at {Plain.Time(delivery["finished_at"])}, at attempt {delivery["attempts_made"]}.";

    private static (string, string?, bool) Retrying(JsonObject delivery, JsonObject? last)
    {
        var next = delivery["next_attempt_at"] is { } at ? $"It is tried again at {Plain.Time(at)}." : "Its next attempt is under way.";
        return last is null
            ? ($"It wasn't tried yet: it waits for its turn. {next}", null, false)
            : ($"Attempt {delivery["attempts_made"]} failed: {Answer(last)}. {next}",
                $"{Advice(last)}To try it now: router deliveries retry {Which(delivery)}", true);
    }

    private static (string, string?, bool) Held(JsonObject delivery, JsonObject? destination)
    {
        if (delivery["waits_for"] is { } earlier)
            return ("It waits until an earlier message of its lead has been delivered there or given up.",
                $"See why that one isn't: router why {earlier}", true);
        return destination?["paused_by"]?.ToString() switch
        {
            "router" => (
                $"Its destination kept failing, so the router paused it at {Plain.Time(destination["paused_at"])}"
                + $"{(destination["pause_reason"] is { } reason ? $" ({reason})" : "")}. A probe finds out within minutes when it is well; "
                + "then all that waits is sent.",
                $"Get the receiver well. To go on at once: router destinations resume {destination["id"]}", true),
            "owner" => ($"Its destination was paused at {Plain.Time(destination["paused_at"])} by somebody, and holds what it should get.",
                $"When it may go on: router destinations resume {destination["id"]}", true),
            _ => ("Its destination has quiet hours, or was just resumed: it is sent by itself when they are over.", null, false),
        };
    }

    private static (string, string?, bool) Dead(JsonObject delivery, JsonObject? last, JsonObject? destination) => (
        $"It was given up at {Plain.Time(delivery["finished_at"])} after {Attempts(delivery)}: "
        + $"{(last is null ? delivery["last_error"]?.ToString() ?? "nothing is known" : Answer(last))}.",
        destination is null ? "Its destination is deleted."
        : $"{Advice(last)}Then send it again: router deliveries replay {Which(delivery)}", true);

    private static (string, string?, bool) Canceled(JsonObject delivery, JsonObject? destination) => (
        "Its destination was switched off or deleted before it got through.",
        destination is null ? null
        : destination["active"]?.GetValue<bool>() is true ? $"To send it after all: router deliveries replay {Which(delivery)}"
        : $"To send it after all, switch the destination on first: router destinations on {destination["id"]}, then "
        + $"router deliveries replay {Which(delivery)}", true);

    private static string Which(JsonObject delivery) => $"{delivery["event_id"]} -d {delivery["destination_id"]}";

    private static string Attempts(JsonObject delivery) =>
        delivery["attempts_made"]!.GetValue<int>() is var made && made == 1 ? "1 attempt" : $"{made} attempts";

    private static string Advice(JsonObject? attempt) => attempt?["advice"] is { } advice ? $"{advice} " : "";

    private static string Answer(JsonObject? attempt) => attempt is null ? "no answer is kept"
        : attempt["reason"] is { } reason ? $"{attempt["summary"]}: {reason}" : $"{attempt["summary"]}";
}
