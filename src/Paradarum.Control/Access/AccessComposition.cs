using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Access;

/// <summary>How this folder adds itself to the control plane.</summary>
internal static class AccessComposition
{
    public static void AddAccess(this IServiceCollection services, KeyRateOptions rates)
    {
        services.AddSingleton<KeyRing>();
        services.AddSingleton(rates);
        services.AddSingleton<KeyRates>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<LoginGate>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<Login>();
        services.AddSingleton<AccountUsers>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<SessionKeys>();
        services.AddSingleton<SessionTokens>();
        services.AddHostedService<SessionKeyRotation>();
        services.AddHostedService<KeyUse>();
    }

    /// <summary>Reads accounts, users and keys into memory, once, before anything is served.</summary>
    public static async Task LoadAccessAsync(this IServiceProvider services, LogWriter writer, CancellationToken stop)
    {
        await services.GetRequiredService<SessionKeys>().LoadAsync(stop);
        var (keys, users) = (services.GetRequiredService<KeyRing>(), services.GetRequiredService<UserDirectory>());
        await writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                var accounts = db.Set<Account>().AsNoTracking().ToDictionary(account => account.Id);
                foreach (var account in accounts.Values.Where(account => account.IsSuspended))
                    keys.Close(account.Id);
                foreach (var key in db.Set<ApiKey>().AsNoTracking())
                    keys.Put(key, accounts[key.AccountId].IsOperator);
                foreach (var user in db.Set<User>().AsNoTracking())
                    users.Put(user, accounts[user.AccountId]);
                return accounts.Count;
            },
            stop
        );
    }

    /// <summary>Who asks, or 401: after routing, before every endpoint (contract 1.3).</summary>
    public static void UseAccess(this IApplicationBuilder app) => app.UseMiddleware<CallerAuthentication>();

    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        routes.MapLogin();
        routes.MapApiKeys();
        routes.MapAccounts();
        routes.MapUsers();
    }
}
