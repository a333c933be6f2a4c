using System.CommandLine;
using Paradarum.Bench.Isolation;

// Benchmarks are run by hand, never as timed tests; what they print is kept in bench/results.
var root = new RootCommand("Benchmarks of Paradarum. Each starts what it measures in this process, over real sockets.")
{
    IsolationCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
