using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using Paradarum.Control.Audit;
using Paradarum.Control.Database;
using Paradarum.Control.PurgeLog;

namespace Paradarum.Control.Access;

/// <summary>
/// The keys of sign-in tokens: the newest signs, a former one is accepted until the last token that it may have signed has run out. Made at the first start, kept in the
/// database with the time they were made, replaced by age and by command.
/// </summary>
internal sealed class SessionKeys(LogWriter writer, TimeProvider time)
{
    /// <summary>After this long the next start or check makes a new one: what was seen of a key is of no use for longer.</summary>
    public static readonly TimeSpan LongestUse = TimeSpan.FromDays(30);

    // The row's name carries what is known of the key: session-token/MILLISECONDS/RANDOM. The last two parts are the token's kid.
    private const string Start = "session-token/";

    // Replaced on the writer's thread after the flush; newest last, never empty once loaded.
    private volatile SessionKey[] _keys = [];

    /// <summary>The key that signs.</summary>
    public SessionKey Current => _keys[^1];

    /// <summary>The key that a token names, while tokens of it may be good.</summary>
    public SessionKey? Find(string? kid)
    {
        var keys = _keys;
        for (var n = keys.Length - 1; n >= 0; n--)
        {
            if (string.Equals(keys[n].Id, kid, StringComparison.Ordinal))
                return n == keys.Length - 1 || !IsOver(keys[n + 1], time.GetUtcNow()) ? keys[n] : null;
        }

        return null;
    }

    /// <summary>Reads the keys; makes the first one, or the next when the newest is too old.</summary>
    public async Task LoadAsync(CancellationToken stop)
    {
        _keys = await writer.WriteAsync(
            write =>
            {
                using var db = ControlDb.In(write);
                return Kept(db);
            },
            stop
        );
        await RotateWhenOldAsync(stop);
    }

    public Task RotateWhenOldAsync(CancellationToken stop) =>
        _keys.Length == 0 || time.GetUtcNow() - Current.MadeAt >= LongestUse
            ? RotateAsync(new AuditActor(0, AuditActor.System, RequestSource.None), endSessions: false, stop)
            : Task.CompletedTask;

    /// <summary>Makes a new key, durable when this returns; what the former ones signed stays good until it runs out.</summary>
    /// <param name="actor">Whose doing it is, for the audit trail.</param>
    /// <param name="endSessions">Forgets the former keys: everyone has to sign in again. For a key that somebody may have seen.</param>
    /// <param name="stop">Ends the wait; the change may still happen.</param>
    public Task<SessionKey> RotateAsync(AuditActor actor, bool endSessions, CancellationToken stop) =>
        writer.WriteAsync(write => Rotate(write, actor, endSessions), stop);

    private SessionKey Rotate(LogWrite write, AuditActor actor, bool endSessions)
    {
        using var db = ControlDb.In(write);
        // From the transaction, not from memory: another rotation may stand in the same group, and memory learns of it only after the flush.
        var former = Kept(db);
        // Never of the same millisecond as the one it replaces, nor older, whatever the clock does: their order is by time.
        var now = former.Length == 0 ? write.Now : Later(write.Now, former[^1].MadeAt.AddMilliseconds(1));
        var made = SessionKey.New(now);
        var secrets = db.Set<InstallationSecret>();
        secrets.Add(new InstallationSecret { Name = Start + made.Id, Value = made.Value });
        SessionKey[] kept = [.. former.Where((_, n) => !endSessions && (n == former.Length - 1 || !IsOver(former[n + 1], now)))];
        foreach (var over in former.Except(kept))
        {
            var name = Start + over.Id;
            secrets.Where(secret => secret.Name == name).ExecuteDelete();
        }

        db.SaveChanges();
        if (former.Length > 0)
            Trace(write, actor, former[^1], made, endSessions);
        write.AfterFlush(() => _keys = [.. kept, made]);
        return made;
    }

    /// <summary>The keys' names, which every token carries, and never their bytes.</summary>
    private static void Trace(LogWrite write, AuditActor actor, SessionKey former, SessionKey made, bool endSessions) =>
        AuditTrail.Append(
            write,
            actor,
            new AuditChange(AuditTypes.SignInKey, endSessions ? "replaced-and-sessions-ended" : "replaced", 0)
            {
                Before = new { former.Id },
                After = new { made.Id },
            }
        );

    /// <summary>What the database has, newest last.</summary>
    private static SessionKey[] Kept(ControlDb db) =>
        [
            .. db.Set<InstallationSecret>()
                .AsNoTracking()
                .Where(secret => secret.Name.StartsWith(Start))
                .AsEnumerable()
                .Select(SessionKey.Of)
                .OrderBy(key => key.MadeAt),
        ];

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    /// <summary>Whether the last token of the key before this one has run out.</summary>
    private static bool IsOver(SessionKey successor, DateTimeOffset now) => now - successor.MadeAt >= SessionTokens.Lifetime;

    /// <param name="Id">The token's <c>kid</c>: the time and something that two keys never share.</param>
    internal sealed record SessionKey(string Id, DateTimeOffset MadeAt, byte[] Value)
    {
        public SecurityKey Security { get; } = new SymmetricSecurityKey(Value) { KeyId = Id };

        public static SessionKey New(DateTimeOffset now) =>
            new(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{now.ToUnixTimeMilliseconds()}/{RandomNumberGenerator.GetHexString(8, lowercase: true)}"
                ),
                DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
                RandomNumberGenerator.GetBytes(InstallationSecret.Length)
            );

        public static SessionKey Of(InstallationSecret secret)
        {
            var id = secret.Name[Start.Length..];
            var made = long.Parse(id.AsSpan(0, id.IndexOf('/')), NumberStyles.None, CultureInfo.InvariantCulture);
            return new(id, DateTimeOffset.FromUnixTimeMilliseconds(made), secret.Value);
        }
    }
}

/// <summary>Replaces the key of sign-in tokens when it is old enough, for as long as the control plane runs.</summary>
internal sealed class SessionKeyRotation(SessionKeys keys, TimeProvider time, ILogger<SessionKeyRotation> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await keys.RotateWhenOldAsync(stoppingToken);
                }
                catch (LogUnavailableException e)
                {
                    log.KeyNotRotated(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the end of the loop
        }
    }
}
