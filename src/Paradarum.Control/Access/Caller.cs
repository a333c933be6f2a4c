using System.Collections.Immutable;
using Paradarum.Control.Api;
using Paradarum.Control.Audit;
using Paradarum.Protocol;

namespace Paradarum.Control.Access;

/// <summary>Who asks, derived from the credential alone (contract section 0).</summary>
/// <param name="AccountId">The account the credential belongs to.</param>
/// <param name="Name">For receipts and history: the key's 8-character prefix, or the user's e-mail address.</param>
/// <param name="IsOperator">The operator's account.</param>
internal sealed record Caller(long AccountId, string Name, bool IsOperator)
{
    /// <summary>What the credential may be used for; a sign-in may be used for everything of its account.</summary>
    public KeyScope Scope { get; init; } = KeyScope.Account;

    /// <summary>The only properties it may touch; default (not empty) when it is not restricted.</summary>
    public ImmutableArray<long> OnlyProperties { get; init; }

    /// <summary>The key that was sent; null for a sign-in. For those who ask again later whether it is still good (<see cref="KeyRing.IsGood"/>).</summary>
    public long? KeyId { get; init; }

    /// <summary>Where the request came from, for the audit trail.</summary>
    public RequestSource Source { get; init; } = RequestSource.None;

    public AuditActor Actor => new(AccountId, Name, Source);

    /// <summary>The control plane itself, doing what nobody asked for in a request.</summary>
    public static Caller System(long accountId) => new(accountId, AuditActor.System, IsOperator: false);

    /// <summary>The same, checking its purges.</summary>
    public static Caller Prober(long accountId) => new(accountId, AuditActor.Prober, IsOperator: false);

    public bool IsRestricted => Scope != KeyScope.Account || !OnlyProperties.IsDefault;

    /// <summary>Null for the operator without restrictions; else the refusal. For services that are called without an endpoint before them.</summary>
    /// <param name="what">What the operator alone may, as in <c>see and change nodes</c>.</param>
    public Refusal? RefusedUnlessOperator(string what) =>
        IsOperator && !IsRestricted ? null : new Refusal(RefusalKind.Forbidden, OperatorAlone.To(what).Sentence);

    public bool MayTouch(long propertyId) => OnlyProperties.IsDefault || OnlyProperties.Contains(propertyId);

    /// <summary>Lets an endpoint take its caller as a parameter; <see cref="CallerAuthentication"/> has put it there before any endpoint runs.</summary>
    public static ValueTask<Caller> BindAsync(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller
            ? ValueTask.FromResult(caller with { Source = RequestSource.Of(context) })
            : throw new InvalidOperationException("The endpoint lets anyone in but asks who calls.");
}

/// <summary>What an API key may be used for (contract part 3).</summary>
internal enum KeyScope
{
    /// <summary>Everything of its account.</summary>
    Account = 0,

    /// <summary>The purge endpoints alone.</summary>
    Purge = 1,
}
