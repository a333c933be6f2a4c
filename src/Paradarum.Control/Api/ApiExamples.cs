namespace Paradarum.Control.Api;

/// <summary>What examples in the API document have in common, so that one id means one thing on every page of it. None of it opens anything.</summary>
internal static class ApiExamples
{
    public const string Key = "pdm_EXAMPLE0EXAMPLE0EXAMPLE0EXAM";
    public const string KeyPrefix = "pdm_EXAM";
    public const string Token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.EXAMPLE";
    public const string EnrolmentToken = "pde_EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0EX";
    public const string ShieldId = "5f0c7a1e9b3d4826";
    public const string PopId = "c81d0f6a72e4935b";

    public static readonly DateTimeOffset Earlier = new(2026, 3, 2, 9, 15, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);
    public static readonly DateTimeOffset Later = new(2026, 5, 4, 11, 2, 1, TimeSpan.Zero);
}
