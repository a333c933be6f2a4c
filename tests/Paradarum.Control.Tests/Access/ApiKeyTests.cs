using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Paradarum.Control.Access;
using Paradarum.Control.PurgeLog;
using Paradarum.Control.Tests.PurgeLog;
using Paradarum.Testing;

namespace Paradarum.Control.Tests.Access;

/// <summary>Contract part 3, API keys.</summary>
public sealed class An_API_key
{
    [Fact]
    public async Task Is_shown_once_in_its_published_format_and_opens_the_account()
    {
        await using var host = await ControlHost.StartAsync();
        var made = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = " deploy " });
        made.Status.ShouldBe(201);
        var key = made.Data.GetProperty("key").GetString()!;
        key.ShouldMatch(@"^pdm_[A-Za-z0-9!@#$%&*]{28}$");
        made.Data.GetProperty("keyPrefix").GetString().ShouldBe(key[..8]);
        made.Data.GetProperty("name").GetString().ShouldBe("deploy");
        using var client = host.NewClient(key);
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);

        var list = await client.GetAnswerAsync("/api/account/apikeys");
        list.Whole.GetRawText().ShouldNotContain(key);
        var listed = list.Data.EnumerateArray().Single(item => item.GetProperty("name").GetString() == "deploy");
        listed
            .EnumerateObject()
            .Select(field => field.Name)
            .ShouldBe(["id", "name", "keyPrefix", "scope", "propertyIds", "createdAt", "lastUsedAt", "revokedAt"]);
        listed.GetProperty("scope").GetString().ShouldBe("account");
        listed.GetProperty("lastUsedAt").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.String);
    }

    [Fact]
    public async Task Is_nowhere_in_the_data_folder()
    {
        await using var host = await ControlHost.StartAsync();
        var key = System.Text.Encoding.ASCII.GetBytes(host.Operator.ApiKey[8..]);
        var password = System.Text.Encoding.ASCII.GetBytes(host.Operator.Password);
        foreach (var file in Directory.GetFiles(host.Folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes);
            bytes.AsSpan().IndexOf(key).ShouldBe(-1);
            bytes.AsSpan().IndexOf(password).ShouldBe(-1);
        }
    }

    [Fact]
    public async Task Is_unknown_from_the_moment_its_revocation_is_answered_and_then_gone()
    {
        await using var host = await ControlHost.StartAsync();
        var made = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "x" });
        var id = made.Data.GetProperty("id").GetInt64();
        using var client = host.NewClient(made.Data.GetProperty("key").GetString());
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);

        (await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{id}")).Status.ShouldBe(200);
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(401);
        var again = await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{id}");
        (again.Status, again.Message).ShouldBe((404, "API key not found."));
        var listed = (await host.Client.GetAnswerAsync("/api/account/apikeys"))
            .Data.EnumerateArray()
            .Single(item => item.GetProperty("id").GetInt64() == id);
        listed.GetProperty("revokedAt").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.String);
    }

    [Fact]
    public async Task Made_and_revoked_in_one_flush_opens_nothing()
    {
        using var held = new HeldFlush();
        var hold = false;
        await using var host = await ControlHost.StartAsync(
            surroundings: new ControlPlaneSurroundings
            {
                Flush = transaction =>
                {
                    if (hold)
                        held.Flush(transaction.Commit);
                    else
                        transaction.Commit();
                },
            }
        );
        var keys = host.Plane.Services.GetRequiredService<ApiKeys>();
        var caller = new Caller(host.Operator.AccountId, "test", IsOperator: true);
        var last = ControlHost.Opened(keys.List(caller)).Max(key => key.Id);
        hold = true;
        var before = host.Writer.WriteAsync(_ => 0, CancellationToken.None);
        await held.Reached;
        var order = ControlHost.Opened(KeyOrder.Parse("short-lived", null, null));
        var made = keys.CreateAsync(caller, order, CancellationToken.None);
        var revoked = keys.RevokeAsync(caller, last + 1, CancellationToken.None);
        held.LetGo();
        await before;

        var key = ControlHost.Opened(await made);
        key.Kept.Id.ShouldBe(last + 1);
        (await revoked).Ok(out _, out _).ShouldBeTrue();
        using var client = host.NewClient(key.Key);
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(401);
    }

    [Theory]
    [InlineData(100, 400, "Property 2 of propertyIds was not found.")]
    [InlineData(101, 400, "PropertyIds may name at most 100 properties.")]
    [InlineData(100_000, 400, "PropertyIds may name at most 100 properties.")]
    public async Task Names_at_most_a_hundred_properties(int count, int status, string message)
    {
        await using var host = await ControlHost.StartAsync();
        await host.AddPropertyAsync("one");
        var answer = await host.Client.PostAnswerAsync(
            "/api/account/apikeys",
            new { name = "k", propertyIds = Enumerable.Range(1, count) }
        );
        (answer.Status, answer.Message).ShouldBe((status, message));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("999")]
    public async Task Of_an_unknown_id_is_not_found(string id)
    {
        await using var host = await ControlHost.StartAsync();
        (await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{id}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Of_another_account_is_not_found_and_stays_valid()
    {
        await using var host = await ControlHost.StartAsync();
        var other = await host.AddAccountAsync("other");
        var id = (await other.Client.GetAnswerAsync("/api/account/apikeys")).Data[0].GetProperty("id").GetInt64();
        (await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{id}")).Status.ShouldBe(404);
        (await other.Client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Is_one_of_at_most_ten_also_when_all_are_asked_for_at_once()
    {
        await using var host = await ControlHost.StartAsync();
        var asked = await Task.WhenAll(
            Enumerable.Range(0, 15).Select(i => host.Client.PostAnswerAsync("/api/account/apikeys", new { name = $"k{i}" }))
        );
        // One of the ten is the key that asks.
        asked.Count(answer => answer.Status == 201).ShouldBe(9);
        var refused = asked.Where(answer => answer.Status != 201).ToArray();
        refused.ShouldAllBe(answer => answer.Status == 400);
        refused[0].Message.ShouldBe("An account may have at most 10 active API keys. Revoke one first.");

        var freed = asked.First(answer => answer.Status == 201).Data.GetProperty("id").GetInt64();
        await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{freed}");
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "again" })).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(null)]
    public async Task Needs_a_name(string? name)
    {
        await using var host = await ControlHost.StartAsync();
        var answer = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name });
        (answer.Status, answer.Message).ShouldBe((400, "Name is required and must be 1 to 100 characters."));
    }

    [Fact]
    public async Task Has_a_name_of_at_most_100_characters()
    {
        await using var host = await ControlHost.StartAsync();
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = new string('n', 100) })).Status.ShouldBe(201);
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = new string('n', 101) })).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Outlives_a_restart_as_does_its_revocation()
    {
        var folder = Directory.CreateTempSubdirectory("paradarum-keys-").FullName;
        string key;
        string revoked;
        OperatorAccess known;
        await using (var host = await ControlHost.StartAsync(folder))
        {
            known = host.Operator;
            key = (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "kept" })).Data.GetProperty("key").GetString()!;
            var gone = (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "gone" })).Data;
            revoked = gone.GetProperty("key").GetString()!;
            await host.Client.DeleteAnswerAsync($"/api/account/apikeys/{gone.GetProperty("id").GetInt64()}");
        }

        await using (var host = await ControlHost.StartAsync(folder, known: known))
        {
            host.Operator.ShouldBe(known);
            using var keeps = host.NewClient(key);
            using var lost = host.NewClient(revoked);
            (await keeps.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
            (await lost.GetAnswerAsync("/api/property")).Status.ShouldBe(401);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Is_drawn_from_the_whole_alphabet_without_bias()
    {
        var counts = new Dictionary<char, int>();
        for (var i = 0; i < 2000; i++)
        {
            foreach (var letter in KeyText.New().AsSpan(4))
                counts[letter] = counts.GetValueOrDefault(letter) + 1;
        }

        counts.Count.ShouldBe(69);
        // 56 000 draws over 69 characters: 812 each; six standard deviations are 170.
        counts.Values.ShouldAllBe(count => count > 640 && count < 985);
    }
}

public sealed class A_restricted_API_key
{
    [Fact]
    public async Task Of_scope_purge_opens_the_purge_endpoints_and_no_other()
    {
        await using var host = await ControlHost.StartAsync();
        var property = await host.AddPropertyAsync("shop");
        using var client = await KeyAsync(host, new { name = "p", scope = "Purge" });
        // The guards behind it speak: it was let in.
        (await client.PostAnswerAsync($"/api/property/{property.Id}/purge", new { })).Message.ShouldBe(
            "Type is required. Use All, Extension, Path or Regex."
        );
        (await client.GetAnswerAsync($"/api/property/{property.Id}/purge/none")).Status.ShouldBe(404);
        foreach (
            var path in new[]
            {
                "/api/property",
                $"/api/property/{property.Id}",
                "/api/account/apikeys",
                $"/api/property/{property.Id}/hostname",
            }
        )
        {
            var answer = await client.GetAnswerAsync(path);
            (answer.Status, answer.Message).ShouldBe((403, "This API key may only be used to purge."));
        }
    }

    [Fact]
    public async Task For_some_properties_sees_and_touches_no_other()
    {
        await using var host = await ControlHost.StartAsync();
        var (mine, other) = (await host.AddPropertyAsync("mine"), await host.AddPropertyAsync("other"));
        using var client = await KeyAsync(host, new { name = "p", propertyIds = new[] { mine.Id, mine.Id } });
        var list = await client.GetAnswerAsync("/api/property");
        list.Data.EnumerateArray().Select(item => item.GetProperty("id").GetInt64()).ShouldBe([mine.Id]);
        (await client.GetAnswerAsync($"/api/property/{mine.Id}")).Status.ShouldBe(200);
        (await client.DeleteAnswerAsync($"/api/property/{other.Id}")).Message.ShouldBe("Property not found.");
        (await client.PostAnswerAsync("/api/property", new { })).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Cannot_make_itself_an_unrestricted_one_nor_revoke_others()
    {
        await using var host = await ControlHost.StartAsync();
        var mine = await host.AddPropertyAsync("mine");
        using var client = await KeyAsync(host, new { name = "p", propertyIds = new[] { mine.Id } });
        (await client.PostAnswerAsync("/api/account/apikeys", new { name = "more" })).Status.ShouldBe(403);
        (await client.GetAnswerAsync("/api/account/apikeys")).Status.ShouldBe(403);
        (await client.DeleteAnswerAsync("/api/account/apikeys/1")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Cannot_be_made_for_a_property_of_another_account()
    {
        await using var host = await ControlHost.StartAsync();
        var other = await host.AddAccountAsync("other");
        var foreign = await host.AddPropertyAsync("foreign", other.Id);
        var answer = await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "p", propertyIds = new[] { foreign.Id } });
        (answer.Status, answer.Message).ShouldBe((400, $"Property {foreign.Id} of propertyIds was not found."));
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "p", propertyIds = Array.Empty<long>() })).Status.ShouldBe(
            400
        );
        (await host.Client.PostAnswerAsync("/api/account/apikeys", new { name = "p", scope = "root" })).Message.ShouldBe(
            "Scope 'root' is not supported. Use account or purge."
        );
    }

    private static async Task<HttpClient> KeyAsync(ControlHost host, object order) =>
        host.NewClient((await host.Client.PostAnswerAsync("/api/account/apikeys", order)).Data.GetProperty("key").GetString());
}

/// <summary>Contract 1.3, the rows of 401.</summary>
public sealed class A_credential
{
    private const string Required = "Authentication required. Send a valid API key in the X-API-Key header.";

    public static TheoryData<string> NoKeys =>
        [
            "none",
            "",
            " ",
            "pdm_",
            "nonsense",
            "pdm_0123456789012345678901234567",
            "PDM_0123456789012345678901234567",
            new string('x', 8000),
        ];

    [Theory]
    [MemberData(nameof(NoKeys))]
    public async Task That_is_none_is_refused(string key)
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var answer = key is "none"
            ? await client.GetAnswerAsync("/api/property")
            : await client.CallAsync(HttpMethod.Get, "/api/property", null, ("X-API-Key", key));
        (answer.Status, answer.Message).ShouldBe((401, Required));
        answer.Response.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Bearer");
    }

    [Fact]
    public async Task That_is_a_key_with_one_character_changed_or_added_is_refused()
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var key = host.Operator.ApiKey;
        foreach (
            var wrong in new[] { key[..31] + (key[31] == 'a' ? 'b' : 'a'), key + "a", key[..31], key.ToUpperInvariant(), $"\"{key}\"" }
        )
            (await client.CallAsync(HttpMethod.Get, "/api/property", null, ("X-API-Key", wrong))).Status.ShouldBe(401);
        (await client.CallAsync(HttpMethod.Get, "/api/property", null, ("x-api-key", key))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task That_is_sent_twice_is_refused()
    {
        await using var host = await ControlHost.StartAsync();
        var key = host.Operator.ApiKey;
        (await host.Client.CallAsync(HttpMethod.Get, "/api/property", null, ("X-API-Key", key), ("X-API-Key", key))).Status.ShouldBe(401);
    }

    [Theory]
    [InlineData("Bearer ")]
    [InlineData("bearer ")]
    public async Task That_is_a_key_in_Authorization_is_told_where_keys_go(string scheme)
    {
        await using var host = await ControlHost.StartAsync();
        using var client = host.NewClient(apiKey: null);
        var answer = await client.CallAsync(HttpMethod.Get, "/api/property", null, ("Authorization", scheme + host.Operator.ApiKey));
        (answer.Status, answer.Message).ShouldBe((401, "API keys go in the X-API-Key header, not in Authorization."));
    }

    [Fact]
    public async Task In_X_API_Key_alone_is_judged()
    {
        await using var host = await ControlHost.StartAsync();
        var session = (await SignInAsync(host)).Data.GetProperty("token").GetString()!;
        using var client = host.NewClient(apiKey: null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session);
        (await client.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
        (await client.CallAsync(HttpMethod.Get, "/api/property", null, ("X-API-Key", "wrong"))).Status.ShouldBe(401);
        using var other = host.NewClient(host.Operator.ApiKey);
        other.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "pdm_nonsense");
        (await other.GetAnswerAsync("/api/property")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Records_its_last_use_off_the_request_path_and_keeps_it()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero));
        await using var host = await ControlHost.StartAsync(surroundings: new ControlPlaneSurroundings { Time = time });
        time.Advance(TimeSpan.FromSeconds(2));
        await host.Client.GetAnswerAsync("/api/property");
        host.Plane.Services.GetRequiredService<KeyRing>().All.Single().LastUsed.ShouldBe(time.GetUtcNow());
        Stored(host).ShouldBe(0);

        await host.Plane.Services.GetServices<IHostedService>().OfType<KeyUse>().Single().WriteDownAsync(CancellationToken.None);
        Stored(host).ShouldBe(time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    internal static Task<ApiAnswer> SignInAsync(ControlHost host) =>
        host.Client.PostAnswerAsync("/api/auth/login", new { email = host.Operator.Email, password = host.Operator.Password });

    private static long Stored(ControlHost host)
    {
        using var reader = host.Writer.OpenReader();
        return (long)reader.Scalar("SELECT last_used_at FROM api_keys")!;
    }
}
