using Paradarum.SystemTests.Attack;

/// <summary>Where the runtime enters an <see cref="OriginProcess"/>; the name and the missing namespace are the runtime's.</summary>
#pragma warning disable CA1050, MA0047
internal static class StartupHook
{
    public static void Initialize() => OriginProcess.Run();
}
