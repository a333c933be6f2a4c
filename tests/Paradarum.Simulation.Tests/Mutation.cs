namespace Paradarum.SimulationTests;

/// <summary>
/// What the simulation's shell does wrong on purpose, one at a time, to show that the checker notices. The shell disobeys a decision, alters a message or passes another
/// option; the machines themselves stay as they are.
/// </summary>
internal enum Mutation
{
    None,
    FenceOff,
    OrderSwapped,
    WaiterJoinsAnOldFetch,
    NotModifiedRevivesAPurgedEntry,
    PurgedEntryUsedForACondition,
    ShieldIgnoresThePosition,
    ShieldJoinsAnOldFetchForANewerPop,
    RejoinServesEarly,
    UnfenceWithoutTheHead,
    AckBeforePublish,
    RuleRetiredOverAFetchInFlight,
    StaleIfErrorAfterGrace,
    CompleteWithANodeUnaccounted,
    EpochIgnored,
    SnapshotWithoutCarriedPositions,
    ShieldMissesAHostnamesMove,
    ValidateIgnored,
    GrantCreditedToALaterHeartbeat,
    MarginRemoved,

    // Beyond the list of the plan: what a control plane must remember and must not believe, and what a node must not say.
    RestartForgetsGrants,
    SuccessorBelievedWithoutProof,
    GoodbyeBeforeServingStops,

    // Of control planes on a database.
    GrantWithoutTheRoundTrip,
    CompleteFromAStaleView,
    TimelineIgnored,
    IdentityColumnInsteadOfTheCounter,
    TakeoverFromMemory,
    NeitherLockNorCounter,

    // Bugs that the simulation found, put back.
    ConditionKeptForTheNextUpstream,
    ReopenedWithAnOldView,
}
