using System.Buffers.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Access;
using Paradarum.Control.Audit;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>The key that signs sign-in tokens: made at the first start, replaced by age and by command, kept by restarts.</summary>
public sealed class The_key_of_sign_in_tokens
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));

    [Fact]
    public async Task Is_replaced_by_command_and_the_former_one_is_accepted_until_its_tokens_have_run_out()
    {
        await using var host = await StartAsync();
        var before = await SignInAsync(host);
        (await host.Client.PostAnswerAsync("/api/auth/rotate", new { })).Status.ShouldBe(200);
        var after = await SignInAsync(host);
        KeyOf(after).ShouldNotBe(KeyOf(before));

        (await OpensAsync(host, before)).ShouldBeTrue();
        (await OpensAsync(host, after)).ShouldBeTrue();
        // A key that replaces another in the same moment is a millisecond younger, and so are its tokens' ends.
        _time.Advance(SessionTokens.Lifetime + TimeSpan.FromMilliseconds(1));
        (await host.Client.PostAnswerAsync("/api/auth/rotate", new { })).Status.ShouldBe(200);
        var keys = host.Plane.Services.GetRequiredService<SessionKeys>();
        keys.Find(KeyOf(before)).ShouldBeNull("nothing that it signed can be good any more");
        keys.Find(KeyOf(after)).ShouldNotBeNull("a token may have been signed a moment ago");
    }

    [Fact]
    public async Task Is_forgotten_at_once_when_sessions_are_to_end()
    {
        await using var host = await StartAsync();
        var before = await SignInAsync(host);
        (await host.Client.PostAnswerAsync("/api/auth/rotate?endSessions=true", new { })).Status.ShouldBe(200);
        (await OpensAsync(host, before)).ShouldBeFalse();
        (await OpensAsync(host, await SignInAsync(host))).ShouldBeTrue();
        var refused = await host.Client.PostAnswerAsync("/api/auth/rotate?endSessions=yes", new { });
        (refused.Status, refused.Message).ShouldBe((400, "EndSessions must be true or false."));
    }

    [Fact]
    public async Task Is_replaced_when_it_is_old_while_the_control_plane_runs()
    {
        await using var host = await StartAsync();
        var first = KeyOf(await SignInAsync(host));
        _time.Advance(SessionKeys.LongestUse - TimeSpan.FromHours(2));
        KeyOf(await SignInAsync(host)).ShouldBe(first);
        await Eventually.Async(async () =>
        {
            _time.Advance(TimeSpan.FromHours(1));
            return KeyOf(await SignInAsync(host)) != first;
        });
        var entry = (await host.Client.CallAsync(HttpMethod.Get, "/api/audit?type=sign-in-key")).Data.EnumerateArray().Single();
        entry.GetProperty("actor").GetString().ShouldBe("system");
        entry.GetProperty("before").GetProperty("id").GetString().ShouldBe(first);
    }

    [Fact]
    public async Task Is_known_as_long_as_its_tokens_are_good_when_others_are_made_at_the_same_moment()
    {
        await using var host = await StartAsync();
        var keys = host.Plane.Services.GetRequiredService<SessionKeys>();
        var actor = new AuditActor(0, AuditActor.System, RequestSource.None);
        var made = await Task.WhenAll(
            Enumerable.Range(0, 32).Select(_ => keys.RotateAsync(actor, endSessions: false, CancellationToken.None))
        );
        made.ShouldAllBe(key => keys.Find(key.Id) != null);
        keys.Current.ShouldBe(made.MaxBy(key => key.MadeAt));
        made.Select(key => key.MadeAt).ShouldBeUnique();
    }

    [Fact]
    public async Task Is_kept_by_a_restart_with_the_former_ones_and_replaced_by_it_when_it_is_old()
    {
        using var folder = new TemporaryFolder();
        string former,
            current;
        OperatorAccess known;
        await using (var host = await StartAsync(folder[""]))
        {
            known = host.Operator;
            former = await SignInAsync(host);
            await host.Client.PostAnswerAsync("/api/auth/rotate", new { });
            current = await SignInAsync(host);
        }

        await using (var host = await StartAsync(folder[""], known))
        {
            (await OpensAsync(host, former)).ShouldBeTrue();
            (await OpensAsync(host, current)).ShouldBeTrue();
            KeyOf(await SignInAsync(host)).ShouldBe(KeyOf(current));
        }

        _time.Advance(SessionKeys.LongestUse + TimeSpan.FromMilliseconds(1));
        await using (var host = await StartAsync(folder[""], known))
            KeyOf(await SignInAsync(host)).ShouldNotBe(KeyOf(current));
    }

    [Fact]
    public async Task Is_the_one_that_a_token_names_and_no_other()
    {
        await using var host = await StartAsync();
        var token = await SignInAsync(host);
        var parts = token.Split('.');
        foreach (var header in new[] { """{"alg":"HS256","typ":"JWT"}""", """{"alg":"HS256","typ":"JWT","kid":"0/none"}""" })
            (
                await OpensAsync(host, $"{Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(header))}.{parts[1]}.{parts[2]}")
            ).ShouldBeFalse();
    }

    private Task<ControlHost> StartAsync(string? folder = null, OperatorAccess? known = null) =>
        ControlHost.StartAsync(folder, surroundings: new ControlPlaneSurroundings { Time = _time }, known: known);

    private static async Task<string> SignInAsync(ControlHost host) =>
        (await A_credential.SignInAsync(host)).Data.GetProperty("token").GetString()!;

    private static string KeyOf(string token) =>
        JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(token.Split('.')[0])).GetProperty("kid").GetString()!;

    private static async Task<bool> OpensAsync(ControlHost host, string token)
    {
        using var client = host.NewClient(apiKey: null);
        return (await client.CallAsync(HttpMethod.Get, "/api/property", null, ("Authorization", $"Bearer {token}"))).Status == 200;
    }
}
