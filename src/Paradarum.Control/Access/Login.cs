using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Control.PurgeLog;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Signs a user in. An unknown user costs the same work as a wrong password and gets the same answer (contract part 3).</summary>
internal sealed class Login(UserDirectory users, SessionTokens tokens, Passwords passwords, LogWriter writer)
{
    internal static readonly Refusal Denied = new(RefusalKind.Unauthenticated, "Invalid email or password.");

    /// <summary>Said to those alone who know the password: to others the account is as unknown as before.</summary>
    internal static readonly Refusal Suspended = new(RefusalKind.Forbidden, "This account is suspended. Ask the operator to activate it.");

    /// <summary>A session, or the refusal; either way with an entry in the audit trail, on disk before this returns.</summary>
    public async Task<Result<Session>> SignInAsync(string email, string password, RequestSource source, CancellationToken stop)
    {
        var found = users.Find(email);
        if (!(await passwords.FitsAsync(found, email, password, source.Address, stop)).Ok(out var fits, out var refusal))
            return refusal;
        await writer.WriteAsync(write => Trace(write, found, fits, source), stop);
        if (!fits || found is null)
            return Denied;
        return found.Account.IsSuspended ? Suspended : tokens.Issue(found);
    }

    /// <summary>Nothing is kept of an address that nobody has: people type their password into the wrong field.</summary>
    private static bool Trace(LogWrite write, SignedUser? found, bool fits, RequestSource source)
    {
        var accountId = found?.Account.Id ?? 0;
        var opens = fits && found is { Account.IsSuspended: false };
        AuditTrail.Append(
            write,
            new AuditActor(fits ? accountId : 0, fits ? found!.User.Email : AuditActor.Unknown, source),
            new AuditChange(
                AuditTypes.SignIn,
                opens ? "succeeded"
                    : fits ? "suspended"
                    : "failed",
                accountId
            )
            {
                Subject = found?.User.Email ?? "",
                Refused = !opens,
            }
        );
        return true;
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
            .Refuses(403, Login.Suspended.Message)
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
