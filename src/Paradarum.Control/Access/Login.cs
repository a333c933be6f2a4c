using System.Net;
using Microsoft.AspNetCore.Identity;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Signs a user in. An unknown user costs the same work as a wrong password and gets the same answer (contract part 3).</summary>
internal sealed class Login(
    UserDirectory users,
    SessionTokens tokens,
    IPasswordHasher<User> hasher,
    LoginGate gate,
    LogWriter writer,
    TimeProvider time
) : IDisposable
{
    internal static readonly Refusal Denied = new(RefusalKind.Unauthenticated, "Invalid email or password.");

    // One password check at a time: each costs tens of milliseconds of a core, and sign-ins must not take the purges' share.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly User _nobody = Nobody(hasher, time.GetUtcNow());

    /// <summary>A session, or the refusal; either way with an entry in the audit trail, on disk before this returns.</summary>
    public async Task<Result<Session>> SignInAsync(string email, string password, RequestSource source, CancellationToken stop)
    {
        var from = IPAddress.TryParse(source.Address, out var address) ? address : null;
        // Before it waits for its turn, and after: those who tried at the same moment have failed meanwhile.
        if (gate.Look(email, from) is { } early)
            return early;
        var found = users.Find(email);
        if (!(await FitsAsync(found, email, password, from, stop)).Ok(out var fits, out var refusal))
            return refusal;
        await writer.WriteAsync(write => Trace(write, found, fits, source), stop);
        return fits && found is not null ? tokens.Issue(found) : Denied;
    }

    /// <summary>Refused when the gate was closed meanwhile: then the password was not looked at, and nothing is kept of it.</summary>
    private async Task<Result<bool>> FitsAsync(SignedUser? found, string email, string password, IPAddress? from, CancellationToken stop)
    {
        var user = found?.User ?? _nobody;
        await _turn.WaitAsync(stop);
        try
        {
            if (gate.Look(email, from) is { } refusal)
                return refusal;
            var fits = hasher.VerifyHashedPassword(user, user.PasswordHash, password) != PasswordVerificationResult.Failed;
            if (fits && found is not null)
                gate.Succeeded(email);
            else
                gate.Failed(email, from);
            return fits && found is not null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Nothing is kept of an address that nobody has: people type their password into the wrong field.</summary>
    private static bool Trace(LogWrite write, SignedUser? found, bool fits, RequestSource source)
    {
        var accountId = found?.Account.Id ?? 0;
        AuditTrail.Append(
            write,
            new AuditActor(fits ? accountId : 0, fits ? found!.User.Email : AuditActor.Unknown, source),
            new AuditChange(AuditTypes.SignIn, fits ? "succeeded" : "failed", accountId)
            {
                Subject = found?.User.Email ?? "",
                Refused = !fits,
            }
        );
        return true;
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Who is checked in the place of an unknown user: a password nobody has, hashed as all others are.</summary>
    private static User Nobody(IPasswordHasher<User> hasher, DateTimeOffset now)
    {
        var nobody = new User
        {
            AccountId = 0,
            Email = "",
            PasswordHash = "",
            CreatedAt = now,
        };
        return new User
        {
            AccountId = 0,
            Email = "",
            PasswordHash = hasher.HashPassword(nobody, KeyText.New()),
            CreatedAt = now,
        };
    }
}

internal static class LoginEndpoints
{
    private const string Rotated = "Key replaced successfully. Tokens of the former one are good until they run out.";
    private const string EndSessions = "EndSessions must be true or false.";

    public static void MapLogin(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/api/auth/login", SignIn)
            .AllowAnonymous()
            .WithTags("Access")
            .WithSummary("Sign in with e-mail address and password")
            .Reads(
                "LoginRequest",
                new { email = "string", password = "string" },
                new { email = "admin@example.com", password = "correct horse battery staple" }
            )
            .Produces<Envelope<Session>>()
            .Shows("Login successful.", new Session(ApiExamples.Token, ApiExamples.Later))
            .Refuses(401, Login.Denied.Message)
            .Refuses(429, LoginGate.Sentence(1));
        routes
            .MapPost("/api/auth/rotate", Rotate)
            .ForTheOperatorAlone("replace the key of sign-in tokens")
            .WithTags("Access")
            .WithSummary("Sign new sign-in tokens with a new key; those of the former one stay good until they run out")
            .TakesQuery("endSessions", "true: forget the former keys, so that everyone has to sign in again.", "true", "false")
            .Produces<Envelope<object>>()
            .Shows(Rotated)
            .Refuses(400, EndSessions);
    }

    internal static async Task<IResult> Rotate(HttpRequest request, Caller caller, SessionKeys keys, CancellationToken stop)
    {
        var sent = request.Query["endSessions"].ToString();
        if (sent is not ("" or "true" or "false"))
            return Refusal.Malformed(EndSessions).ToAnswer();
        await keys.RotateAsync(caller.Actor, endSessions: sent == "true", stop);
        return Answer.Ok(sent == "true" ? "Key replaced successfully. Everyone has to sign in again." : Rotated);
    }

    internal static async Task<IResult> SignIn(HttpRequest request, Login login, CancellationToken stop)
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Text("email").Ok(out var email, out refusal) || !body.Text("password").Ok(out var password, out refusal))
            return refusal.ToAnswer();
        if (string.IsNullOrWhiteSpace(email) || string.IsNullOrEmpty(password))
            return Refusal.Malformed("Email and password are required.").ToAnswer();
        return (await login.SignInAsync(email, password, RequestSource.Of(request.HttpContext), stop)).Ok(out var session, out refusal)
            ? Answer.Ok("Login successful.", session)
            : refusal.ToAnswer();
    }
}
