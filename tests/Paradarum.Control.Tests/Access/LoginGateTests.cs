using System.Net;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Access;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>docs/decisions/access.md, those who try passwords.</summary>
public sealed class Trying_passwords
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Is_free_five_times_and_then_takes_twice_as_long_each_time_up_to_a_minute()
    {
        var gate = new LoginGate(_time);
        for (var n = 0; n < LoginGate.FreeOfAccount; n++)
        {
            gate.Look("owner@example.com", Here).ShouldBeNull();
            gate.Failed("owner@example.com", Here);
        }
        gate.Look("owner@example.com", Here).ShouldBeNull();
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            gate.Failed("Owner@Example.com ", Here);
            gate.Look("owner@example.com", Here)!.RetryAfter.ShouldBe(TimeSpan.FromSeconds(seconds));
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            gate.Look("owner@example.com", Here).ShouldNotBeNull();
            _time.Advance(TimeSpan.FromMilliseconds(1));
            gate.Look("owner@example.com", Here).ShouldBeNull();
        }
    }

    [Fact]
    public void Of_many_accounts_is_slowed_down_by_the_place_it_comes_from()
    {
        var gate = new LoginGate(_time);
        for (var n = 0; n <= LoginGate.FreeOfPlace; n++)
            gate.Failed($"user-{n}@example.com", IPAddress.Parse($"2001:db8:1:2::{n + 1:x}"));

        gate.Look("another@example.com", IPAddress.Parse("2001:db8:1:2:ffff::1")).ShouldNotBeNull();
        gate.Look("another@example.com", IPAddress.Parse("2001:db8:1:3::1")).ShouldBeNull();
        gate.Look("another@example.com", IPAddress.Loopback).ShouldBeNull();
    }

    [Fact]
    public void Is_forgotten_after_a_quiet_quarter_of_an_hour_and_by_a_success()
    {
        var gate = new LoginGate(_time);
        Fail(gate, "one@example.com");
        Fail(gate, "two@example.com");

        gate.Succeeded("one@example.com");
        gate.Look("one@example.com", null).ShouldBeNull();
        gate.Look("two@example.com", null).ShouldNotBeNull();
        _time.Advance(LoginGate.Forgotten);
        gate.Failed("two@example.com", null);
        gate.Look("two@example.com", null).ShouldBeNull();
    }

    [Fact]
    public void Of_more_accounts_than_are_kept_forgets_the_oldest()
    {
        var gate = new LoginGate(_time);
        Fail(gate, "first@example.com");
        for (var n = 0; n < LoginGate.MostKept; n++)
            gate.Failed($"user-{n}@example.com", null);

        gate.Look("first@example.com", null).ShouldBeNull();
    }

    [Fact]
    public async Task Is_answered_429_with_the_seconds_to_wait_and_a_right_password_too()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));
        await using var host = await ControlHost.StartAsync(surroundings: new ControlPlaneSurroundings { Time = time });
        for (var n = 0; n <= LoginGate.FreeOfAccount; n++)
            (await SignInAsync(host, "wrong")).Status.ShouldBe(401);

        var slowed = await SignInAsync(host, host.Operator.Password);
        slowed.Status.ShouldBe(429);
        slowed.Message.ShouldBe("Too many failed sign-ins. Try again in 1 second.");
        slowed.Response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        (await SignInAsync(host, host.Operator.Password)).Status.ShouldBe(200);
    }

    private static void Fail(LoginGate gate, string email)
    {
        for (var n = 0; n <= LoginGate.FreeOfAccount; n++)
            gate.Failed(email, null);
    }

    private static Task<ApiAnswer> SignInAsync(ControlHost host, string password) =>
        host.Client.PostAnswerAsync("/api/auth/login", new { email = host.Operator.Email, password });
}
