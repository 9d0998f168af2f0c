using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>
/// Puts a readable copy of a delivery that is given up into <c>lead-dead-letters</c>, and says whether RabbitMQ has it. Called before the
/// state is recorded: a crash in between leaves a copy too many, which a replay recognizes, and never a dead delivery that nobody can see.
/// This is all that Core asks of the host, which knows RabbitMQ.
/// </summary>
/// <param name="lead">The event.</param>
/// <param name="destination">Where it couldn't be delivered.</param>
/// <param name="body">The event in our own format, whatever the destination got.</param>
/// <param name="attempt">The last attempt.</param>
public delegate Task<bool> PublishDeadLetter(LeadEvent lead, Destination destination, byte[] body, Attempt attempt);
