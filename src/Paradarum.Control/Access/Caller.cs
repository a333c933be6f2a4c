namespace Paradarum.Control.Access;

/// <summary>Who asks, derived from the credential alone (contract section 0).</summary>
/// <param name="AccountId">The account the credential belongs to.</param>
/// <param name="Name">For receipts and history: the key's 8-character prefix, or the user's e-mail address.</param>
/// <param name="IsOperator">The operator's account.</param>
internal sealed record Caller(long AccountId, string Name, bool IsOperator);
