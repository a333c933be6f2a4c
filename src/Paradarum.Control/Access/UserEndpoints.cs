using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Users of accounts: the operator's, but for one's own password.</summary>
internal static class UserEndpoints
{
    private const string Made = "User created successfully.";
    private const string Reset = "Password reset successfully. Sessions of the user are over.";
    private const string Changed = "Password changed successfully. Sessions from before are over; go on with this token.";

    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/api/account/{id}/users").WithTags("Accounts").ForTheOperatorAlone(Accounts.What);
        users
            .MapPost("", Create)
            .WithSummary("Add a user to an account; a password that is not sent is generated and shown this once")
            .Reads("UserRequest", new { email = "string", password = "string?" }, new { email = "owner@example.com" })
            .Produces<Envelope<NewUserItem>>(StatusCodes.Status201Created)
            .Shows(Made, ShownNew)
            .Refuses(404, Accounts.Unknown.Message)
            .Refuses(409, "A user with the address 'owner@example.com' already exists.");
        users
            .MapGet("", List)
            .WithSummary("List the users of an account")
            .ProducesPage<UserItem>()
            .Shows("Users retrieved successfully.", new UserItem(9, "owner@example.com", ApiExamples.Earlier))
            .Refuses(404, Accounts.Unknown.Message);
        users
            .MapDelete("{userId}", Delete)
            .WithSummary("Delete a user, whose sessions end")
            .Produces<Envelope<object>>()
            .Shows("User deleted successfully.")
            .Refuses(404, AccountUsers.Unknown.Message)
            .Refuses(409, "The operator's account keeps at least one user. Add another one first.");
        users
            .MapPost("{userId}/password", ResetPassword)
            .WithSummary("Reset a user's password; one that is not sent is generated and shown this once")
            .Reads("PasswordResetRequest", new { password = "string?" }, new { password = "a first one, by telephone" })
            .Produces<Envelope<NewUserItem>>()
            .Shows(Reset, ShownNew with { Password = null })
            .Refuses(404, AccountUsers.Unknown.Message);
        routes
            .MapPut("/api/account/password", ChangeOwn)
            .WithTags("Accounts")
            .WithSummary("Change one's own password; for sign-ins alone. All sessions from before end")
            .Reads(
                "PasswordChangeRequest",
                new { currentPassword = "string", newPassword = "string" },
                new { currentPassword = "correct horse battery staple", newPassword = "a longer sentence of mine" }
            )
            .Produces<Envelope<Session>>()
            .Shows(Changed, new Session(ApiExamples.Token, ApiExamples.Later))
            .Refuses(400, AccountUsers.WrongPassword.Message)
            .Refuses(403, AccountUsers.SignInFirst.Message)
            .Refuses(429, LoginGate.Sentence(1));
    }

    internal static NewUserItem ShownNew => new(9, "owner@example.com", ApiExamples.Earlier, "EXAMPLEexampleEXAMPLE234");

    internal static async Task<IResult> Create(string id, HttpRequest request, Caller caller, AccountUsers users, CancellationToken stop)
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        return
            body.Text("email").Ok(out var email, out refusal)
            && body.Text("password").Ok(out var password, out refusal)
            && UserOrder.Parse(email, password).Ok(out var order, out refusal)
            && (await users.CreateAsync(caller, PathId.Read(id), order, stop)).Ok(out var made, out refusal)
            ? Answer.Created(Made, NewItem(made))
            : refusal.ToAnswer();
    }

    internal static IResult List(string id, PageRequest page, Caller caller, Accounts accounts, AccountUsers users)
    {
        var accountId = PathId.Read(id);
        if (!accounts.Get(caller, accountId).Ok(out _, out var refusal))
            return refusal.ToAnswer();
        return users.List(caller, accountId).Ok(out var found, out refusal)
            ? Answer.Page(
                "Users retrieved successfully.",
                page,
                [.. found.Select(user => new UserItem(user.Id, user.Email, user.CreatedAt))]
            )
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(string id, string userId, Caller caller, AccountUsers users, CancellationToken stop) =>
        (await users.DeleteAsync(caller, PathId.Read(id), PathId.Read(userId), stop)).Ok(out _, out var refusal)
            ? Answer.Ok("User deleted successfully.")
            : refusal.ToAnswer();

    internal static async Task<IResult> ResetPassword(
        string id,
        string userId,
        HttpRequest request,
        Caller caller,
        AccountUsers users,
        CancellationToken stop
    )
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        return
            body.Text("password").Ok(out var password, out refusal)
            && (await users.ResetPasswordAsync(caller, PathId.Read(id), PathId.Read(userId), password, stop)).Ok(out var reset, out refusal)
            ? Answer.Ok(Reset, NewItem(reset))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> ChangeOwn(HttpRequest request, Caller caller, AccountUsers users, CancellationToken stop)
    {
        if (caller.KeyId is not null)
            return AccountUsers.SignInFirst.ToAnswer();
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Text("currentPassword").Ok(out var current, out refusal) || !body.Text("newPassword").Ok(out var next, out refusal))
            return refusal.ToAnswer();
        if (string.IsNullOrEmpty(current) || string.IsNullOrEmpty(next))
            return Refusal.Malformed("CurrentPassword and newPassword are required.").ToAnswer();
        return (await users.ChangeOwnAsync(caller, current, next, stop)).Ok(out var session, out refusal)
            ? Answer.Ok(Changed, session)
            : refusal.ToAnswer();
    }

    internal static NewUserItem NewItem(UserAccess access) =>
        new(access.User.Id, access.User.Email, access.User.CreatedAt, access.GeneratedPassword);
}

internal sealed record UserItem(long Id, string Email, DateTimeOffset CreatedAt);

/// <param name="Password">The generated one, sent this once and kept nowhere; null when it was chosen.</param>
internal sealed record NewUserItem(long Id, string Email, DateTimeOffset CreatedAt, string? Password);
