using System.CommandLine;
using Paradarum.Bench.Accept;
using Paradarum.Bench.Conformance;
using Paradarum.Bench.DiskStart;
using Paradarum.Bench.FleetSize;
using Paradarum.Bench.Hits;
using Paradarum.Bench.Isolation;
using Paradarum.Bench.Propagate;

// Benchmarks are run by hand, never as timed tests; what they print is kept in bench/results.
var root = new RootCommand("Benchmarks of Paradarum. Each starts what it measures, over real sockets.")
{
    IsolationCommand.Create(),
    HitsCommand.Create(),
    AcceptCommand.Create(),
    PropagateCommand.Create(),
    FleetCommand.Create(),
    ConformanceCommand.Create(),
    DiskStartCommand.Create(),
    EmptyPeer.Create(),
};
return await root.Parse(args).InvokeAsync();
