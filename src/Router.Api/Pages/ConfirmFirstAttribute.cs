namespace Router.Api.Pages;

/// <summary>
/// A handler that is for nobody who has found a browser where somebody is signed in: who calls it must have shown lately to be the account
/// (<see cref="Confirmation"/>). ConfirmationTests has the list of all handlers, with and without.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ConfirmFirstAttribute : Attribute;
