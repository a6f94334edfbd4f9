import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/ports.ts';
import { commitChecks } from './store-commits.ts';
import { keyChecks } from './store-keys.ts';
import { lifeChecks } from './store-life.ts';
import { listChecks } from './store-lists.ts';
import { memberChecks } from './store-members.ts';
import { peekChecks } from './store-peeks.ts';
import { presenceChecks } from './store-presence.ts';
import { raceChecks } from './store-races.ts';
import { leaseChecks } from './store-leases.ts';
import { retentionChecks } from './store-retention.ts';
import { timelineChecks } from './store-timeline.ts';
import { valueChecks } from './store-values.ts';

/** A driver as the suite needs it. */
export interface StoreDriver {
  /** The driver's name in the registry. */
  readonly name: string;
  /** An empty store of its own. The suite disposes it. */
  open(): Promise<Store>;
  /** Disposes the store and opens what it left. */
  reopen?(store: Store): Promise<Store>;
  /** What the driver cannot do, and why: the titles of the tests that it therefore does not run. */
  readonly limits: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** Declares one test, which gets an empty store. */
export type Check = (title: string, body: (store: Store, driver: StoreDriver) => Promise<void>) => void;
export type Checks = (check: Check) => void;

const groups: Readonly<Record<string, Checks>> = {
  commits: commitChecks,
  races: raceChecks,
  lists: listChecks,
  members: memberChecks,
  peeks: peekChecks,
  timeline: timelineChecks,
  'keys, challenges and records of requests': keyChecks,
  presence: presenceChecks,
  retention: retentionChecks,
  leases: leaseChecks,
  values: valueChecks,
  life: lifeChecks,
};

/** What every store does, whatever its driver. */
export function storeSuite(driver: StoreDriver): void {
  const titles = new Set<string>();
  describe(`store ${driver.name}`, () => {
    describe.each(Object.entries(groups))('%s', (_, checks) => {
      checks((title, body) => {
        titles.add(title);
        // What a driver cannot do by its nature stands in its limits; it is no test that was skipped for want of something.
        if (driver.limits.some(({ tests }) => tests.includes(title))) return;
        it(title, async () => {
          expect.hasAssertions();
          await using store = await driver.open();
          await body(store, driver);
        });
      });
    });
    it('names tests of the suite in its limits', () => {
      expect(driver.limits.flatMap(({ tests }) => tests).filter((title) => !titles.has(title))).toEqual([]);
    });
  });
}
