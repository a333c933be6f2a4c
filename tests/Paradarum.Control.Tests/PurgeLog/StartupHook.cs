using Paradarum.Control.Tests.PurgeLog;

/// <summary>Where the runtime enters a child of <see cref="LogWriterChild"/>; the name and the missing namespace are the runtime's.</summary>
#pragma warning disable CA1050, MA0047
internal static class StartupHook
{
    public static void Initialize() => LogWriterChild.Run();
}
