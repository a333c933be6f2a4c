using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Paradarum.Control.Access;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>docs/decisions/access.md, accounts and users.</summary>
public sealed class An_account
{
    private const string Password = "a sentence of hers";

    [Fact]
    public async Task Is_made_with_its_first_user_whose_generated_password_is_shown_once_and_signs_in()
    {
        await using var host = await ControlHost.StartAsync();
        var made = await host.Client.PostAnswerAsync("/api/account", new { name = " Example Ltd ", email = "Owner@Example.com" });
        made.Status.ShouldBe(201);
        var user = made.Data.GetProperty("user");
        user.GetProperty("email").GetString().ShouldBe("owner@example.com");
        var password = user.GetProperty("password").GetString()!;
        password.Length.ShouldBe(24);
        var signedIn = await SignInAsync(host, "owner@example.com", password);
        signedIn.Status.ShouldBe(200);
        (await WithTokenAsync(host, TokenOf(signedIn), HttpMethod.Post, "/api/account/apikeys", new { name = "hers" })).Status.ShouldBe(
            201
        );

        var listed = await host.Client.GetAnswerAsync("/api/account");
        listed.Data.EnumerateArray().Select(item => item.GetProperty("name").GetString()).ShouldBe(["operator", "Example Ltd"]);
        listed.Data[1].GetProperty("status").GetString().ShouldBe("active");
        var users = await host.Client.GetAnswerAsync($"/api/account/{IdOf(made)}/users");
        users.Data.EnumerateArray().Single().GetProperty("email").GetString().ShouldBe("owner@example.com");
        foreach (var answer in new[] { listed, users, await host.Client.GetAnswerAsync("/api/audit") })
            answer.Whole.GetRawText().ShouldNotContain(password);
    }

    [Theory]
    [InlineData("""{"email":"a@b"}""", 400, "Name is required and must be 1 to 100 characters.")]
    [InlineData("""{"name":7,"email":"a@b"}""", 400, "Name must be a string.")]
    [InlineData("""{"name":"x"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"nobody"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"@b"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"a@"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"a@b@c"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"a b@c"}""", 400, NoEmail)]
    [InlineData("""{"name":"x","email":"a@b","password":"elevenchars"}""", 400, "Password must be 12 to 128 characters.")]
    [InlineData("""{"name":"operator","email":"a@b"}""", 409, "An account named 'operator' already exists.")]
    [InlineData("""{"name":"x","email":"ADMIN@localhost"}""", 409, "A user with the address 'admin@localhost' already exists.")]
    public async Task Is_refused_with_what_to_send_and_nothing_of_it_is_kept(string body, int status, string message)
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.CallAsync(
            HttpMethod.Post,
            "/api/account",
            new StringContent(body, Encoding.UTF8, "application/json")
        );
        (answer.Status, answer.Message).ShouldBe((status, message));
        (await host.Client.GetAnswerAsync("/api/account")).Data.GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData(12, 201)]
    [InlineData(128, 201)]
    [InlineData(129, 400)]
    public async Task Takes_passwords_up_to_their_bounds(int length, int status)
    {
        await using var host = await ControlHost.StartAsync();
        var password = new string('p', length);
        var made = await host.Client.PostAnswerAsync(
            "/api/account",
            new
            {
                name = "x",
                email = $"{new string('e', 64)}@b",
                password,
            }
        );
        made.Status.ShouldBe(status);
        if (status == 201)
            made.Data.GetProperty("user").GetProperty("password").ValueKind.ShouldBe(JsonValueKind.Null, "it was chosen");
    }

    [Fact]
    public async Task That_is_suspended_lets_nobody_in_from_that_moment_and_after_a_restart_until_it_is_active_again()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-suspended-").FullName;
        OperatorAccess known;
        long id;
        string key;
        string token;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            known = host.Operator;
            id = await AddAsync(host);
            token = TokenOf(await SignInAsync(host, "her@example.com", Password));
            key = (await WithTokenAsync(host, token, HttpMethod.Post, "/api/account/apikeys", new { name = "hers" }))
                .Data.GetProperty("key")
                .GetString()!;
            var property = await host.AddPropertyAsync("hers", id);
            (await InAsync(host, key, token)).ShouldBe((200, 200));

            (await SetStatusAsync(host, id, "suspended")).Status.ShouldBe(200);
            (await InAsync(host, key, token)).ShouldBe((401, 401));
            var refused = await SignInAsync(host, "her@example.com", Password);
            (refused.Status, refused.Message).ShouldBe((403, "This account is suspended. Ask the operator to activate it."));
            (await SignInAsync(host, "her@example.com", "another password")).Message.ShouldBe("Invalid email or password.");
            host.Catalogue.Current.Properties[property.Id].State.ShouldBe(Protocol.Link.PropertyState.Active, "what it serves stays");
            (await host.Client.GetAnswerAsync("/api/account")).Data[1].GetProperty("status").GetString().ShouldBe("suspended");
            Newest(await host.Client.GetAnswerAsync("/api/audit?type=account")).ShouldBe(("changed", "Her Ltd"));
        }

        await using (var host = await ControlHost.StartAsync(folder, known: known))
        {
            (await InAsync(host, key, token)).ShouldBe((401, 401));
            (await SetStatusAsync(host, id, "ACTIVE")).Status.ShouldBe(200);
            (await InAsync(host, key, token)).ShouldBe((200, 200));
            (await SignInAsync(host, "her@example.com", Password)).Status.ShouldBe(200);
            (await SetStatusAsync(host, id, "closed")).Message.ShouldBe("Status 'closed' is not supported. Use active or suspended.");
            (await SetStatusAsync(host, 999, "active")).Status.ShouldBe(404);
            (await SetStatusAsync(host, host.Operator.AccountId, "suspended")).Status.ShouldBe(409);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Of_a_request_that_is_under_way_is_not_good_any_more_once_it_is_suspended()
    {
        await using var host = await ControlHost.StartAsync();
        var account = await host.AddAccountAsync("customer");
        var ring = host.Plane.Services.GetRequiredService<KeyRing>();
        var caller = ring.Peek(account.ApiKey).ShouldNotBeNull();
        ring.IsGood(caller).ShouldBeTrue();
        await SetStatusAsync(host, account.Id, "suspended");
        ring.IsGood(caller).ShouldBeFalse();
        ring.IsGood(caller with { KeyId = null }).ShouldBeFalse();
    }

    [Fact]
    public async Task Is_not_deleted_while_it_has_properties_and_then_goes_with_users_keys_and_sessions()
    {
        await using var host = await ControlHost.StartAsync();
        var id = await AddAsync(host);
        var token = TokenOf(await SignInAsync(host, "her@example.com", Password));
        var made = await WithTokenAsync(host, token, HttpMethod.Post, "/api/account/apikeys", new { name = "hers" });
        var key = made.Data.GetProperty("key").GetString()!;
        var property = await host.AddPropertyAsync("hers", id);

        var refused = await host.Client.DeleteAnswerAsync($"/api/account/{id}");
        (refused.Status, refused.Message).ShouldBe((409, "The account still has a property. It must be deleted first."));
        (await InAsync(host, key, token)).ShouldBe((200, 200));
        (await WithTokenAsync(host, token, HttpMethod.Delete, $"/api/property/{property.Id}")).Status.ShouldBe(200);

        (await host.Client.DeleteAnswerAsync($"/api/account/{id}")).Status.ShouldBe(200);
        (await InAsync(host, key, token)).ShouldBe((401, 401));
        (await SignInAsync(host, "her@example.com", Password)).Status.ShouldBe(401);
        (await host.Client.DeleteAnswerAsync($"/api/account/{id}")).Message.ShouldBe("Account not found.");
        (await host.Client.DeleteAnswerAsync($"/api/account/{host.Operator.AccountId}")).Status.ShouldBe(409);
        // The address is free again, and a session of who had it opens nothing.
        await AddAsync(host);
        (await InAsync(host, key, token)).ShouldBe((401, 401));
    }

    internal const string NoEmail = "Email is required and must be an address such as name@example.com, of at most 254 characters.";

    internal static async Task<long> AddAsync(ControlHost host)
    {
        var made = await host.Client.PostAnswerAsync(
            "/api/account",
            new
            {
                name = "Her Ltd",
                email = "her@example.com",
                password = Password,
            }
        );
        made.Status.ShouldBe(201);
        return IdOf(made);
    }

    internal static long IdOf(ApiAnswer made) => made.Data.GetProperty("id").GetInt64();

    internal static string TokenOf(ApiAnswer signedIn) => signedIn.Data.GetProperty("token").GetString()!;

    internal static Task<ApiAnswer> SignInAsync(ControlHost host, string email, string password) =>
        host.Client.PostAnswerAsync("/api/auth/login", new { email, password });

    internal static async Task<ApiAnswer> WithTokenAsync(
        ControlHost host,
        string token,
        HttpMethod method,
        string path,
        object? body = null
    )
    {
        using var client = host.NewClient(apiKey: null);
        return await client.CallAsync(method, path, body is null ? null : JsonContent.Create(body), ("Authorization", $"Bearer {token}"));
    }

    internal static (string?, string?) Newest(ApiAnswer trail) =>
        (trail.Data[0].GetProperty("action").GetString(), trail.Data[0].GetProperty("subject").GetString());

    private static Task<ApiAnswer> SetStatusAsync(ControlHost host, long id, string status) =>
        host.Client.CallAsync(HttpMethod.Put, $"/api/account/{id}", JsonContent.Create(new { status }));

    /// <summary>What a key and a session of the account are answered.</summary>
    private static async Task<(int Key, int Session)> InAsync(ControlHost host, string key, string token)
    {
        using var client = host.NewClient(key);
        var withKey = await client.GetAnswerAsync("/api/property");
        return (withKey.Status, (await WithTokenAsync(host, token, HttpMethod.Get, "/api/property")).Status);
    }
}

/// <summary>docs/decisions/access.md, accounts and users.</summary>
public sealed class A_user
{
    private const string Password = "a sentence of hers";
    private const string Next = "another sentence";

    [Fact]
    public async Task Changes_their_own_password_and_goes_on_with_a_new_session_while_older_ones_end()
    {
        await using var host = await ControlHost.StartAsync();
        await An_account.AddAsync(host);
        var former = An_account.TokenOf(await An_account.SignInAsync(host, "her@example.com", Password));

        var changed = await ChangeAsync(host, former, Password, Next);
        changed.Status.ShouldBe(200);
        (await ListAsync(host, former)).Status.ShouldBe(401);
        (await ListAsync(host, An_account.TokenOf(changed))).Status.ShouldBe(200);
        (await An_account.SignInAsync(host, "her@example.com", Password)).Status.ShouldBe(401);
        (await An_account.SignInAsync(host, "her@example.com", Next)).Status.ShouldBe(200);
        An_account.Newest(await host.Client.GetAnswerAsync("/api/audit?type=user")).ShouldBe(("password-changed", "her@example.com"));
        (await host.Client.GetAnswerAsync("/api/audit")).Whole.GetRawText().ShouldNotContain(Next);
    }

    [Fact]
    public async Task Does_not_change_it_without_the_current_one_and_is_slowed_down_like_a_sign_in()
    {
        await using var host = await ControlHost.StartAsync();
        await An_account.AddAsync(host);
        var token = An_account.TokenOf(await An_account.SignInAsync(host, "her@example.com", Password));
        (await ChangeAsync(host, token, Password, "too short")).Message.ShouldBe("NewPassword must be 12 to 128 characters.");
        (await ChangeAsync(host, token, Password, "")).Message.ShouldBe("CurrentPassword and newPassword are required.");
        (await ChangeAsync(host, token, Password, Password)).Message.ShouldBe("NewPassword must be another one than the current.");
        for (var guess = 0; guess <= LoginGate.FreeOfAccount; guess++)
        {
            var wrong = await ChangeAsync(host, token, $"guess {guess}", Next);
            (wrong.Status, wrong.Message).ShouldBe((400, "CurrentPassword is wrong."));
        }
        (await ChangeAsync(host, token, Password, Next)).Status.ShouldBe(429);
        An_account.Newest(await host.Client.GetAnswerAsync("/api/audit?type=user")).ShouldBe(("password-refused", "her@example.com"));
        var byKey = await host.Client.CallAsync(
            HttpMethod.Put,
            "/api/account/password",
            JsonContent.Create(new { currentPassword = host.Operator.Password, newPassword = Next })
        );
        byKey.Status.ShouldBe(403);
    }

    [Fact]
    public async Task Is_added_reset_and_deleted_by_the_operator_and_their_sessions_end()
    {
        await using var host = await ControlHost.StartAsync();
        var path = $"/api/account/{await An_account.AddAsync(host)}/users";
        var made = await host.Client.PostAnswerAsync(path, new { email = "him@example.com", password = Password });
        made.Status.ShouldBe(201);
        (await host.Client.PostAnswerAsync(path, new { email = "HIM@example.com" })).Status.ShouldBe(409);
        (await host.Client.PostAnswerAsync("/api/account/999/users", new { email = "it@example.com" })).Message.ShouldBe(
            "Account not found."
        );
        (await host.Client.GetAnswerAsync("/api/account/999/users")).Status.ShouldBe(404);
        var token = An_account.TokenOf(await An_account.SignInAsync(host, "him@example.com", Password));

        var user = $"{path}/{An_account.IdOf(made)}";
        var reset = await host.Client.PostAnswerAsync($"{user}/password", new { });
        reset.Status.ShouldBe(200);
        (await ListAsync(host, token)).Status.ShouldBe(401);
        var renewed = await An_account.SignInAsync(host, "him@example.com", reset.Data.GetProperty("password").GetString()!);
        (await ListAsync(host, An_account.TokenOf(renewed))).Status.ShouldBe(200);

        (await host.Client.DeleteAnswerAsync(user)).Status.ShouldBe(200);
        (await ListAsync(host, An_account.TokenOf(renewed))).Status.ShouldBe(401);
        (await host.Client.DeleteAnswerAsync(user)).Message.ShouldBe("User not found.");
        (await host.Client.PostAnswerAsync($"{user}/password", new { })).Status.ShouldBe(404);
        (await host.Client.GetAnswerAsync("/api/audit?type=user"))
            .Data.EnumerateArray()
            .Select(entry => entry.GetProperty("action").GetString())
            .Take(3)
            .ShouldBe(["deleted", "password-reset", "created"]);
    }

    [Fact]
    public async Task Of_the_operator_is_never_the_last_one_that_is_deleted()
    {
        await using var host = await ControlHost.StartAsync();
        var path = $"/api/account/{host.Operator.AccountId}/users";
        var own = (await host.Client.GetAnswerAsync(path)).Data[0].GetProperty("id").GetInt64();
        (await host.Client.DeleteAnswerAsync($"{path}/{own}")).Status.ShouldBe(409);
        await host.Client.PostAnswerAsync(path, new { email = "second@example.com" });
        (await host.Client.DeleteAnswerAsync($"{path}/{own}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Keeps_the_password_they_chose_when_the_control_plane_starts_again()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-chosen-").FullName;
        OperatorAccess known;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            known = host.Operator;
            var token = An_account.TokenOf(await An_account.SignInAsync(host, known.Email, known.Password));
            (await ChangeAsync(host, token, known.Password, Next)).Status.ShouldBe(200);
        }

        await using (var host = await ControlHost.StartAsync(folder, known: known))
        {
            host.Operator.ShouldBe(known with { Password = FirstStart.ChosenPassword });
            (await An_account.SignInAsync(host, known.Email, Next)).Status.ShouldBe(200);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static Task<ApiAnswer> ChangeAsync(ControlHost host, string token, string currentPassword, string newPassword) =>
        An_account.WithTokenAsync(host, token, HttpMethod.Put, "/api/account/password", new { currentPassword, newPassword });

    private static Task<ApiAnswer> ListAsync(ControlHost host, string token) =>
        An_account.WithTokenAsync(host, token, HttpMethod.Get, "/api/property");
}
