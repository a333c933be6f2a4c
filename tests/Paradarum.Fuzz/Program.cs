using Paradarum.Fuzz;
using SharpFuzz;

// What eng/fuzz runs: a reader of bytes that strangers send, under AFL++, or with one input that it kept.
//   Paradarum.Fuzz                     the targets, a line each
//   Paradarum.Fuzz TARGET              reads inputs from AFL++
//   Paradarum.Fuzz TARGET FILE         reads one input and says what is wrong
if (args.Length == 0)
{
    foreach (var name in FuzzTargets.All.Keys)
        Console.WriteLine(name);
    return 0;
}
if (!FuzzTargets.All.TryGetValue(args[0], out var judge))
{
    Console.Error.WriteLine($"There is no target '{args[0]}'. Choose one of: {string.Join(", ", FuzzTargets.All.Keys)}.");
    return 2;
}
if (args.Length > 1)
{
    try
    {
        judge(File.ReadAllBytes(args[1]));
        return 0;
    }
    catch (BrokenPromiseException broken)
    {
        Console.Error.WriteLine(broken.Message);
        return 1;
    }
}
Fuzzer.OutOfProcess.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    judge(input.ToArray());
});
return 0;
