namespace Paradarum.Control.Panel.Fleet;

/// <summary>Where nodes reach this control plane, as this machine does; said once it listens.</summary>
internal sealed class FleetAddress
{
    public Uri? Url { get; set; }
}
