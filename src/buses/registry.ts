import type { Bus } from '../core/ports.ts';
import { createInProcessBus } from './in-process.ts';

/** The drivers by the name that a configuration knows them by. */
export const busDrivers = {
  'in-process': createInProcessBus,
} as const;

export type BusDriver = keyof typeof busDrivers;

/** Opens the bus that the configuration names. */
export const openBus = (config: { readonly driver: BusDriver }): Bus => busDrivers[config.driver]();
