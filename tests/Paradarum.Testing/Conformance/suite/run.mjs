// Runs the suite's tests against a cache and writes what came out as one JSON array: suite, test, kind, outcome as the
// suite itself judges it, and the first thing that was not as expected.
//
//   node run.mjs http://HOST:PORT ADDRESS [TEST...]      ADDRESS: where HOST is, whatever a resolver would say
import { Agent } from 'node:http'
import { parseArgs } from 'node:util'
import fetch from 'node-fetch'
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs'
import { determineTestResult } from 'http-cache-tests/lib/display.mjs'
import suites from 'http-cache-tests/tests/index.mjs'

const { positionals: [base, address, ...only] } = parseArgs({ allowPositionals: true })

// The symbols under which the suite shows its outcomes.
const outcomes = {
  '✅': 'pass',
  '⛔️': 'fail',
  '⚠️': 'optional_fail',
  Y: 'yes',
  N: 'no',
  '🔹': 'setup_fail',
  '⁉️': 'harness_fail',
  '⚪️': 'dependency_fail',
  '↻': 'retry',
  '-': 'untested'
}

const lookup = (_, options, done) => options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)
const agent = new Agent({ keepAlive: true, lookup })
const chosen = only.length === 0
  ? suites
  : suites.map(suite => ({ ...suite, tests: suite.tests.filter(test => only.includes(test.id)) }))

await runTests(chosen, (url, init) => fetch(url, { ...init, agent }), false, base)

const results = getResults()
const report = chosen.flatMap(suite => suite.tests.filter(test => test.browser_only !== true).map(test => ({
  suite: suite.id,
  id: test.id,
  kind: test.kind ?? 'required',
  // One test alone is judged without those it depends on, which did not run.
  outcome: outcomes[determineTestResult(suites, test.id, results, only.length === 0)[2]],
  detail: Array.isArray(results[test.id]) ? results[test.id].join(': ') : null
})))
process.stdout.write(JSON.stringify(report))
agent.destroy()
