import type { Bus } from '../core/ports.ts';
import { createInProcessBus } from './in-process.ts';

export type BusDriver = 'in-process';

/** The drivers by the name that a configuration knows them by. */
export const busDrivers: Readonly<Record<BusDriver, () => Bus>> = {
  'in-process': createInProcessBus,
};

/** Opens the bus that the configuration names. */
export const openBus = (config: { readonly driver: BusDriver }): Bus => busDrivers[config.driver]();
