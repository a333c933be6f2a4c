using Paradarum.Testing;

namespace Paradarum.Panel.Tests;

/// <summary>The API's reference page, in a browser that enforces its policy.</summary>
public sealed class The_reference_page(Chromium chromium)
{
    private static readonly string Pictures = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "TestResults", "panel")).FullName;

    [Fact]
    public async Task Shows_the_API_from_here_alone_without_a_script_in_the_page()
    {
        await using var host = await ControlHost.StartAsync();
        await using var reader = await Reader.OpenAsync(chromium, host.Plane.Api);
        var asked = new List<string>();
        reader.Page.Request += (_, request) => asked.Add(request.Url);

        var answer = await reader.Page.GotoAsync(new Uri(host.Plane.Api, "/docs").ToString());

        answer!.Headers["content-security-policy"].ShouldContain("script-src 'self';");
        answer.Headers["content-security-policy"].ShouldContain("frame-ancestors 'none'");
        // From the document: the summary of an endpoint.
        await reader.SeesAsync("Sign in with e-mail address and password");
        await reader.Page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, "reference.png") });
        reader.Complaints.ShouldBeEmpty();
        asked
            .Where(url =>
                !url.StartsWith(host.Plane.Api.ToString(), StringComparison.Ordinal) && !url.StartsWith("data:", StringComparison.Ordinal)
            )
            .ShouldBeEmpty("nothing is asked of anyone else");
        asked.ShouldContain(url => url.EndsWith("/swagger/v1/swagger.json", StringComparison.Ordinal));
    }
}
