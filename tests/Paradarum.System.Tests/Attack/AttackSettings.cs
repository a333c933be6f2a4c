using System.Globalization;

namespace Paradarum.SystemTests.Attack;

/// <summary>What <c>eng/attack</c> asks for.</summary>
internal static class AttackSettings
{
    public static int? Seconds => Number("PARADARUM_ATTACK_SECONDS");

    public static int? Seed => Number("PARADARUM_ATTACK_SEED");

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
