namespace Paradarum.SystemTests.Attack;

/// <summary>What clients and visitors know of a fleet under attack.</summary>
internal interface IAttackedFleet
{
    /// <summary>The origin: <c>/raise/PATH</c> makes a new version of a page.</summary>
    Uri Origin { get; }

    long PropertyId { get; }

    /// <summary>Sends the operator's key.</summary>
    HttpClient NewApi(TimeSpan timeout);

    /// <summary>Where visitors reach a PoP.</summary>
    Uri UrlOf(string pop);
}

/// <summary>Breaks a fleet, one thing after the other, until the attack is over; then everything is whole again.</summary>
internal interface IFaults
{
    /// <summary>How often each kind was injected.</summary>
    IReadOnlyDictionary<string, int> Injected { get; }

    Task RunUntilAsync(CancellationToken over);
}
