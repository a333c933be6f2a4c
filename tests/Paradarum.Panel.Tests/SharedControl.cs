using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

/// <summary>One control plane for the tests of a class that leave it as they found it: starting one costs more than what they ask.</summary>
public sealed class SharedControl : IAsyncLifetime
{
    private ControlHost? _control;

    internal ControlHost Control => _control ?? throw new InvalidOperationException("The control plane has not started.");

    public async ValueTask InitializeAsync() => _control = await ControlHost.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_control is not null)
            await _control.DisposeAsync();
    }
}

/// <summary>The same of a fleet with a shield and three PoPs, whose property has stored pages and two purges behind it.</summary>
public sealed class SharedFleet : IAsyncLifetime
{
    private TestFleet? _fleet;

    internal TestFleet Fleet => _fleet ?? throw new InvalidOperationException("The fleet has not started.");

    /// <summary>The path of the receipt's page.</summary>
    internal string Receipt { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _fleet = await TestFleet.StartAsync(shields: 1, pops: 3);
        _fleet.Serves("<h1>page</h1>");
        for (var n = 0; n < 20; n++)
            await _fleet.Pops[n % 3].VisitAsync($"/news/{n % 4}");
        await _fleet.PurgeAndWaitAsync("Path", "/news/1");
        var receipt = await _fleet.PurgeAndWaitAsync("Regex", "/news/", "starts_with");
        Receipt = $"/properties/{_fleet.Property.Id}/purges/{receipt["purgeId"]!.GetValue<string>()}";
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
            await _fleet.DisposeAsync();
    }
}
