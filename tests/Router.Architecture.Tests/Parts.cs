using System.Reflection;
using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;

namespace Router.Architecture.Tests;

/// <summary>The assemblies as they were built along with these tests, read once.</summary>
internal static class Parts
{
    public static readonly Assembly Core = Assembly.Load("Router.Core");
    public static readonly Assembly Hosting = Assembly.Load("Router.Hosting");
    public static readonly Assembly Api = Assembly.Load("Router.Api");
    public static readonly Assembly Worker = Assembly.Load("Router.Worker");
    public static readonly Assembly CommandLine = Assembly.Load("router");

    public static readonly ArchUnitNET.Domain.Architecture All =
        new ArchLoader().LoadAssemblies(Core, Hosting, Api, Worker, CommandLine).Build();

    /// <summary>Where this build came from.</summary>
    public static string Repository =>
        typeof(Parts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Repository").Value!;
}
