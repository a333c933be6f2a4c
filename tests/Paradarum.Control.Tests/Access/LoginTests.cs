using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Access;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>Contract part 3, sign-in.</summary>
public sealed class A_sign_in
{
    [Fact]
    public async Task Gives_a_token_that_carries_the_account_as_GroupSid_and_opens_it_until_it_expires()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));
        await using var host = await ControlHost.StartAsync(surroundings: new ControlPlaneSurroundings { Time = time });
        var signedIn = await host.Client.PostAnswerAsync(
            "/api/auth/login",
            new { email = "ADMIN@localhost", password = host.Operator.Password }
        );
        signedIn.Status.ShouldBe(200);
        signedIn.Data.GetProperty("expiresAt").GetString().ShouldBe("2026-05-04T11:02:01.000Z");
        var token = signedIn.Data.GetProperty("token").GetString()!;
        Payload(token).GetProperty(ClaimTypes.GroupSid).GetString().ShouldBe($"{host.Operator.AccountId}");

        (await WithTokenAsync(host, token)).Status.ShouldBe(200);
        time.Advance(SessionTokens.Lifetime - TimeSpan.FromSeconds(1));
        (await WithTokenAsync(host, token)).Status.ShouldBe(200);
        time.Advance(TimeSpan.FromSeconds(1));
        (await WithTokenAsync(host, token)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Is_not_opened_by_a_token_that_was_changed_or_signed_by_another_installation()
    {
        await using var host = await ControlHost.StartAsync();
        await using var other = await ControlHost.StartAsync();
        var token = (await A_credential.SignInAsync(host)).Data.GetProperty("token").GetString()!;
        var foreign = (await A_credential.SignInAsync(other)).Data.GetProperty("token").GetString()!;
        var parts = token.Split('.');
        var unsigned = $"{Base64("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.";
        foreach (
            var wrong in new[]
            {
                foreign,
                unsigned,
                $"{parts[0]}.{parts[1]}.",
                $"{parts[0]}.{Base64("{}")}.{parts[2]}",
                "a.b.c",
                "",
                new string('a', 9000),
            }
        )
            (await WithTokenAsync(host, wrong)).Status.ShouldBe(401);
        (await WithTokenAsync(host, token)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Outlives_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-login-").FullName;
        string token;
        OperatorAccess known;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            known = host.Operator;
            token = (await A_credential.SignInAsync(host)).Data.GetProperty("token").GetString()!;
        }

        await using (var host = await ControlHost.StartAsync(folder, known: known))
            (await WithTokenAsync(host, token)).Status.ShouldBe(200);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Does_the_same_work_and_says_the_same_for_an_unknown_user_and_a_wrong_password()
    {
        var hasher = new CountingHasher();
        await using var host = await ControlHost.StartAsync(
            surroundings: new ControlPlaneSurroundings { Services = services => services.AddSingleton<IPasswordHasher<User>>(hasher) }
        );
        // What is made once at the first sign-in is no part of the comparison.
        await A_credential.SignInAsync(host);
        var (wrong, wrongWork) = await hasher.WorkOfAsync(() => SignInAsync(host, host.Operator.Email, "wrong"));
        var (unknown, unknownWork) = await hasher.WorkOfAsync(() => SignInAsync(host, "nobody@localhost", "wrong"));
        (unknown.Status, unknown.Whole.GetRawText()).ShouldBe((wrong.Status, wrong.Whole.GetRawText()));
        (wrong.Status, wrong.Message).ShouldBe((401, "Invalid email or password."));
        unknownWork.ShouldBe(wrongWork);
        // One check of a hash of the same format: iterations and lengths are in its first 13 bytes.
        wrongWork.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("{}", "Email and password are required.")]
    [InlineData("""{"email":"a@b"}""", "Email and password are required.")]
    [InlineData("""{"email":"a@b","password":""}""", "Email and password are required.")]
    [InlineData("""{"email":1,"password":"x"}""", "Email must be a string.")]
    [InlineData("""{"email":"a","password":{}}""", "Password must be a string.")]
    public async Task Says_what_is_missing(string body, string message)
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var answer = await client.CallAsync(HttpMethod.Post, "/api/auth/login", new StringContent(body, Encoding.UTF8, "application/json"));
        (answer.Status, answer.Message).ShouldBe((400, message));
    }

    [Fact]
    public async Task Of_the_operator_is_made_anew_with_a_new_key_when_the_former_secrets_are_lost()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-lost-").FullName;
        OperatorAccess former;
        await using (var host = await ControlHost.StartAsync(folder))
            former = host.Operator;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            host.Operator.AccountId.ShouldBe(former.AccountId);
            host.Operator.ApiKey.ShouldNotBe(former.ApiKey);
            (await A_credential.SignInAsync(host)).Status.ShouldBe(200);
            (await SignInAsync(host, former.Email, former.Password)).Status.ShouldBe(401);
            using var old = host.NewClient(former.ApiKey);
            (await old.GetAnswerAsync("/api/property")).Status.ShouldBe(401);
            (await host.Client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static Task<ApiAnswer> SignInAsync(ControlHost host, string email, string password) =>
        host.Client.PostAnswerAsync("/api/auth/login", new { email, password });

    private static async Task<ApiAnswer> WithTokenAsync(ControlHost host, string token)
    {
        using var client = host.NewClient(apiKey: null);
        return await client.CallAsync(HttpMethod.Get, "/api/property", null, ("Authorization", $"Bearer {token}"));
    }

    private static JsonElement Payload(string token)
    {
        var part = token.Split('.')[1];
        return JsonSerializer.Deserialize<JsonElement>(System.Buffers.Text.Base64Url.DecodeFromChars(part));
    }

    private static string Base64(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    /// <summary>The framework's hasher, writing down what it was asked to check.</summary>
    private sealed class CountingHasher : PasswordHasher<User>
    {
        private List<string> _checked = [];

        public override PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
        {
            _checked.Add(Convert.ToHexString(Convert.FromBase64String(hashedPassword).AsSpan(0, 13)));
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }

        public async Task<(ApiAnswer Answer, List<string> Work)> WorkOfAsync(Func<Task<ApiAnswer>> signIn)
        {
            _checked = [];
            return (await signIn(), _checked);
        }
    }
}
