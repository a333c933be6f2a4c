namespace Paradarum.Control.Panel;

/// <summary>Marks an endpoint as the panel's: <see cref="PanelDoor"/> stands before it.</summary>
internal sealed class PanelPart
{
    public static readonly PanelPart Instance = new();
}
