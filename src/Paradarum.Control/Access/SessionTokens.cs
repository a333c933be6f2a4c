using System.Globalization;
using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Paradarum.Control.Access;

/// <summary>What a sign-in gives: a JWT (HS256) that carries the account id as <see cref="ClaimTypes.GroupSid"/>, until <paramref name="ExpiresAt"/>.</summary>
internal sealed record Session(string Token, DateTimeOffset ExpiresAt);

/// <summary>Writes and reads sign-in tokens. A token names its key (<c>kid</c>) and outlives a restart, as its key does (<see cref="SessionKeys"/>).</summary>
internal sealed class SessionTokens(SessionKeys keys, UserDirectory users, TimeProvider time)
{
    /// <summary>How long a sign-in lasts. There is no sign-out of a token, so it is kept to a working day.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    private const string Issuer = "paradarum";

    /// <summary>Which password the session was opened with (<see cref="SignedUser.Stamp"/>).</summary>
    private const string StampClaim = "pst";

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, SetDefaultTimesOnTokenCreation = false };
    private readonly TokenValidationParameters _expected = new()
    {
        ValidIssuer = Issuer,
        ValidAudience = Issuer,
        // The key that the token names, or none: no other one is tried.
        IssuerSigningKeyResolver = (_, _, kid, _) => keys.Find(kid) is { } key ? [key.Security] : [],
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        RequireExpirationTime = true,
        LifetimeValidator = (notBefore, expires, _, _) =>
            time.GetUtcNow().UtcDateTime is var now && (notBefore is null || notBefore <= now) && expires is not null && now < expires,
    };

    public Session Issue(SignedUser signed)
    {
        var now = time.GetUtcNow();
        // A token's times are whole seconds; what is said beside it is the same instant.
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds((now + Lifetime).ToUnixTimeSeconds());
        var token = _handler.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = Issuer,
                Audience = Issuer,
                IssuedAt = now.UtcDateTime,
                Expires = expiresAt.UtcDateTime,
                SigningCredentials = new SigningCredentials(keys.Current.Security, SecurityAlgorithms.HmacSha256),
                Claims = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    [JwtRegisteredClaimNames.Sub] = signed.User.Id.ToString(CultureInfo.InvariantCulture),
                    [JwtRegisteredClaimNames.Email] = signed.User.Email,
                    [ClaimTypes.GroupSid] = signed.Account.Id.ToString(CultureInfo.InvariantCulture),
                    [StampClaim] = signed.Stamp,
                },
            }
        );
        return new Session(token, expiresAt);
    }

    /// <summary>The caller behind a token; null when it is not ours, has run out, its user is gone or has another password, or the account is suspended.</summary>
    public async Task<Caller?> OpenAsync(string token)
    {
        var read = await _handler.ValidateTokenAsync(token, _expected);
        if (!read.IsValid)
            return null;
        var email = Claim(read, JwtRegisteredClaimNames.Email);
        var account = Claim(read, ClaimTypes.GroupSid);
        var signed = email is null ? null : users.Find(email);
        if (signed is null || signed.Account.IsSuspended || !string.Equals(signed.Stamp, Claim(read, StampClaim), StringComparison.Ordinal))
            return null;
        // The account is compared too: an address that now belongs to another account does not open it.
        return string.Equals(signed.Account.Id.ToString(CultureInfo.InvariantCulture), account, StringComparison.Ordinal)
            ? signed.ToCaller()
            : null;
    }

    private static string? Claim(TokenValidationResult read, string type) =>
        read.Claims.TryGetValue(type, out var value) ? value as string : null;
}
