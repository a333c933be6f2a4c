using Paradarum.Control.Api;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Accounts as the operator sees and changes them.</summary>
internal static class AccountEndpoints
{
    private const string Made = "Account created successfully.";
    private const string Suspended = "Account suspended successfully. What its properties serve stays as it is; suspend them one by one.";
    private const string Activated = "Account activated successfully.";

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var accounts = routes.MapGroup("/api/account").WithTags("Accounts").ForTheOperatorAlone(Accounts.What);
        accounts
            .MapPost("", Create)
            .WithSummary("Create an account with its first user; a password that is not sent is generated and shown this once")
            .Reads(
                "AccountRequest",
                new
                {
                    name = "string",
                    email = "string",
                    password = "string?",
                },
                new { name = "Example Ltd", email = "owner@example.com" }
            )
            .Produces<Envelope<NewAccountItem>>(StatusCodes.Status201Created)
            .Shows(Made, new NewAccountItem(4, "Example Ltd", "active", ApiExamples.Earlier, UserEndpoints.ShownNew))
            .Refuses(409, "An account named 'Example Ltd' already exists.");
        accounts
            .MapGet("", List)
            .WithSummary("List accounts, suspended ones included")
            .ProducesPage<AccountItem>()
            .Shows("Accounts retrieved successfully.", Shown);
        accounts
            .MapPut("{id}", Update)
            .WithSummary("Suspend an account: no sign-in, no session and no key of it is let in; its properties go on serving")
            .Reads("AccountStatusRequest", new { status = "string" }, new { status = "suspended" })
            .Produces<Envelope<AccountItem>>()
            .Shows(Suspended, Shown with { Status = "suspended" })
            .Refuses(404, Accounts.Unknown.Message)
            .Refuses(409, Accounts.OfTheOperator.Message);
        accounts
            .MapDelete("{id}", Delete)
            .WithSummary("Delete an account that has no properties, with its users and keys")
            .Produces<Envelope<object>>()
            .Shows("Account deleted successfully.")
            .Refuses(404, Accounts.Unknown.Message)
            .Refuses(409, Accounts.StillHas(2).Message);
    }

    private static AccountItem Shown => new(4, "Example Ltd", "active", IsOperator: false, ApiExamples.Earlier);

    internal static async Task<IResult> Create(HttpRequest request, Caller caller, Accounts accounts, CancellationToken stop)
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (
            !body.Text("name").Ok(out var name, out refusal)
            || !body.Text("email").Ok(out var email, out refusal)
            || !body.Text("password").Ok(out var password, out refusal)
            || !AccountOrder.Parse(name, email, password).Ok(out var order, out refusal)
            || !(await accounts.CreateAsync(caller, order, stop)).Ok(out var made, out refusal)
        )
            return refusal.ToAnswer();
        var account = made.Account;
        return Answer.Created(
            Made,
            new NewAccountItem(account.Id, account.Name, Accounts.StatusText(account), account.CreatedAt, UserEndpoints.NewItem(made.First))
        );
    }

    internal static IResult List(PageRequest page, Caller caller, Accounts accounts) =>
        accounts.List(caller).Ok(out var all, out var refusal)
            ? Answer.Page("Accounts retrieved successfully.", page, [.. all.Select(Item)])
            : refusal.ToAnswer();

    internal static async Task<IResult> Update(string id, HttpRequest request, Caller caller, Accounts accounts, CancellationToken stop)
    {
        if (!(await JsonBody.ReadObjectAsync(request, stop)).Ok(out var body, out var refusal))
            return refusal.ToAnswer();
        if (!body.Text("status").Ok(out var status, out refusal))
            return refusal.ToAnswer();
        bool? suspended = status?.ToUpperInvariant() switch
        {
            "ACTIVE" => false,
            "SUSPENDED" => true,
            _ => null,
        };
        if (suspended is not { } wanted)
            return Refusal
                .Malformed(
                    status is null
                        ? "Status is required. Use active or suspended."
                        : $"Status '{Refusal.Quoted(status)}' is not supported. Use active or suspended."
                )
                .ToAnswer();
        return (await accounts.SetSuspendedAsync(caller, PathId.Read(id), wanted, stop)).Ok(out var account, out refusal)
            ? Answer.Ok(wanted ? Suspended : Activated, Item(account))
            : refusal.ToAnswer();
    }

    internal static async Task<IResult> Delete(string id, Caller caller, Accounts accounts, CancellationToken stop) =>
        (await accounts.DeleteAsync(caller, PathId.Read(id), stop)).Ok(out _, out var refusal)
            ? Answer.Ok("Account deleted successfully.")
            : refusal.ToAnswer();

    private static AccountItem Item(Account account) =>
        new(account.Id, account.Name, Accounts.StatusText(account), account.IsOperator, account.CreatedAt);
}

/// <param name="Status"><c>active</c> or <c>suspended</c>.</param>
/// <param name="IsOperator">The account that runs the installation.</param>
internal sealed record AccountItem(long Id, string Name, string Status, bool IsOperator, DateTimeOffset CreatedAt);

/// <param name="User">Its first user.</param>
internal sealed record NewAccountItem(long Id, string Name, string Status, DateTimeOffset CreatedAt, NewUserItem User);
