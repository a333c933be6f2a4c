using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Makes and checks passwords: what one must be, its hash, and whether what was typed is it.</summary>
internal sealed class Passwords(IPasswordHasher<User> hasher, LoginGate gate, TimeProvider time) : IDisposable
{
    public const int Shortest = 12;
    public const int Longest = 128;

    private const int GeneratedLength = 24;
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    // One at a time: each costs tens of milliseconds of a core, and sign-ins must not take the purges' share.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly User _nobody = Blank("", hasher.HashPassword(Blank("", "", default), KeyText.New()), time.GetUtcNow());

    /// <summary>A password that nobody has chosen: 24 characters that are not mistaken for each other, 139 bits.</summary>
    public static string New() => RandomNumberGenerator.GetString(Alphabet, GeneratedLength);

    /// <summary>Null when it may be a password; else what to send.</summary>
    /// <param name="field">As the sentence begins: <c>Password</c>.</param>
    public static Refusal? Refused(string password, string field = "Password") =>
        password.Length is < Shortest or > Longest ? Refusal.Malformed($"{field} must be {Shortest} to {Longest} characters.") : null;

    /// <summary>To be kept in place of the password. Longer than a transaction may take: made before it.</summary>
    public async Task<string> HashAsync(string email, string password, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            return hasher.HashPassword(Blank(email, "", time.GetUtcNow()), password);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Whether it is the user's password. Nobody's is never, for the same work. Refused while the gate is closed: then the password was not looked at, and nothing is kept
    /// of it.
    /// </summary>
    public async Task<Result<bool>> FitsAsync(SignedUser? found, string email, string password, string address, CancellationToken stop)
    {
        var from = IPAddress.TryParse(address, out var parsed) ? parsed : null;
        // Before it waits for its turn, and after: those who tried at the same moment have failed meanwhile.
        if (gate.Look(email, from) is { } early)
            return early;
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

    public void Dispose() => _turn.Dispose();

    private static User Blank(string email, string hash, DateTimeOffset now) =>
        new()
        {
            AccountId = 0,
            Email = email,
            PasswordHash = hash,
            CreatedAt = now,
        };
}
