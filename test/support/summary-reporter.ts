import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What a run comes to. */
interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Files that could not be loaded and errors outside of tests count as failures: neither may end in a line without one. */
function totalsOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Totals {
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const count = (state: string): number => states.filter((other) => other === state).length;
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.reduce((sum, suite) => sum + suite.errors().length, 0);
  return { passed: count('passed'), failed: count('failed') + count('pending') + broken + unhandled.length, skipped: count('skipped') };
}

/** Prints `N passed, N failed` (and `, N skipped` where there are such) as the very last line of a run. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { passed, failed, skipped } = totalsOf(modules, unhandled);
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    // Other reporters go on printing after this.
    process.once('exit', () => process.stdout.write(line));
  }
}
